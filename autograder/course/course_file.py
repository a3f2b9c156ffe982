"""`course.toml`: what a homework is made of, checked when it is read."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from autograder.course.toml_files import TARGET, TODO, complaint, form, read_table

Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
FOLDER = form(r"^[A-Za-z][A-Za-z0-9_-]*$", "letters, digits, _ and -, a letter first")
TAKEN = sys.stdlib_module_names | {"autograder", "numpy", "torch"}  # what is imported by these names is something else


def free_name(folder: str) -> str:
    """Pass a name that a package of students can have.

    Raises:
        ValueError: if something else is imported by it.
    """
    if folder in TAKEN:
        raise ValueError(f"{folder} is a package that everybody imports, expected a name of its own")
    return folder


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartFiles(_Table):
    """The files of one part of the homework.

    Attributes:
        folder: the package that students write: "layers".
        libraries: what the box has beside the standard library; "torch" stands for NumPy as well.
        collect: which files of the folder are the student's: a pattern without a slash holds at any depth.
        editable: given files that are the student's to change; ours only where one is missing.
        builds_on: numbers of the parts whose code it imports.
    """

    folder: Annotated[str, FOLDER, AfterValidator(free_name)]
    libraries: Literal["numpy", "torch"] = "torch"
    collect: tuple[str, ...] = ("*.py",)
    editable: tuple[str, ...] = ()
    builds_on: tuple[int, ...] = ()


class Model(_Table):
    """A network that students train: what makes one, to load the checkpoint into.

    Attributes:
        target: "networks.models:Net".
        arguments: of its constructor.
        classes: how many scores it gives each image.
        todo: that its checkpoint earns points for.
        base: its name in the course whose checks these are.
        advice: what to do where there is none: "run make train MODEL=net".
    """

    target: Annotated[str, TARGET]
    todo: Annotated[str, TODO]
    arguments: tuple[int, ...] = ()
    classes: Annotated[int, Field(gt=1)] = 10
    base: str = ""
    advice: str = "train it"

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.target.partition(":")[2]


class Images(_Table):
    """Where the images that judge checkpoints are read.

    Attributes:
        package: of given files, with modules `data` and `shapes`.
        mean: of each colour, where networks are trained on CIFAR-10 normalised in another way.
        deviation: likewise.
    """

    package: str
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()


class Definition(_Table):
    """All of `course.toml`.

    Attributes:
        default: whether it is meant where no course is named.
        checks: the course whose checks grade it, by name, where it has none of its own.
        weights: how names of checkpoints end.
        parts: by number.
        models: by the name of the checkpoint.
        images: where networks are judged by images.
        thresholds: by tier, where `assignment.toml` has none for a data set.
    """

    default: bool = False
    checks: str = ""
    weights: Annotated[str, form(r"^\.\w+$", "the end of a file's name, like .pt")] = ".pt"
    parts: dict[int, PartFiles]
    models: dict[Annotated[str, form(r"^[A-Za-z][A-Za-z0-9_]*$", "letters, digits and _, a letter first")], Model] = {}
    images: Images | None = None
    thresholds: dict[str, Share] = {}


@functools.cache
def read(path: Path) -> Definition:
    """Read the file.

    Raises:
        RubricError: with the key and what is wrong with it.
    """
    try:
        return Definition.model_validate(read_table(path))
    except ValidationError as error:
        raise complaint(path, error) from None
