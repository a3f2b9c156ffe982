"""`autograder similar`: what is alike in a class stands on a page for staff, side by side, and accuses nobody."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import make_copies
import make_models
import pytest
import torch
from homework import COURSE
from report_cards import HOSTILE
from rich.console import Console
from test_class_page import _Tags
from test_code_overlap import HIDDEN, WORK

from autograder.authoring import variants
from autograder.classroom import exports
from autograder.classroom.copies import similar, winnowing
from autograder.errors import SetupError
from autograder.reports import likeness, similar_page
from autograder.reports.likeness import Likeness
from autograder.reports.records import Alike, LeftOut
from autograder.submission import packing

Find = Callable[..., Likeness]
CODE, MODEL = "part1_numpy/pooling.py", "checkpoints/my_model.pt"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a class: files by student, each as a zip, or as a folder where the name ends in "_folder"."""

    def into(**students: Mapping[str, bytes]) -> Path:
        (tmp_path / "class").mkdir(exist_ok=True)
        for name, files in students.items():
            if name.endswith("_folder"):
                variants.write(tmp_path / "class" / name, files)
            else:
                packing.write_zip(tmp_path / "class" / f"{name}.zip", files)
        return tmp_path / "class"

    return into


@pytest.fixture
def find(write, assignment) -> Find:
    return lambda **students: similar.compare(exports.find(write(**students), COURSE.layout).handed, assignment)


def model(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return make_models.KINDS["deep"].build().state_dict()


def test_code_in_zips_and_folders_is_shown_side_by_side(find) -> None:
    found = find(ada={CODE: WORK.encode()}, bell_folder={f"hw/{CODE}": HIDDEN.encode()})
    (code,) = found.code
    assert code.who == ("ada", "bell_folder")
    assert code.share == 1
    ((left, right),) = code.passages
    assert (left.file, left.first, right.file, right.first) == (CODE, 2, CODE, 2)
    assert left.text.startswith("def pool(x, kernel, stride):\n    best")
    assert "top = np.where(piece > top, piece, top)" in right.text


def test_what_was_handed_out_or_given_is_not_found(find, skeletons, reference) -> None:
    given = {name: text for name, text in reference.items() if name.endswith(("module.py", "shapes.py"))}
    assert find(ada=dict(skeletons), bell=dict(skeletons)).code == []
    assert find(ada={**given, CODE: b"a = 1\n"}, bell={**given, CODE: b"b = 1\n"}).code == []


def test_one_student_s_two_groups_are_not_alike(find, write) -> None:
    found = find(ada={CODE: WORK.encode(), MODEL: make_models.saved(model(0))})
    (handed,) = exports.find(write(), COURSE.layout).handed
    works = {key: similar._work(handed, COURSE.layout, 100, []) for key in ("one", "two")}
    assert list(similar._code(works, COURSE)) == []
    assert (found.submissions, found.models, found.code) == (1, 1, [])


def test_weights_are_found_under_other_names_and_in_another_order(find) -> None:
    other = make_models.resaved(make_models.permuted("deep", model(0), 1))
    states = {"ada": model(0), "bell": other, "curie": model(1), "dirac_folder": model(2)}
    found = find(**{name: {CODE: b"a = 1\n", MODEL: make_models.saved(state)} for name, state in states.items()})
    (weights,) = found.weights
    assert (weights.who, weights.files) == (("ada", "bell"), (MODEL, MODEL))
    assert weights.p < 1e-6
    assert "units in another order" in weights.signs
    assert (found.submissions, found.models, found.pairs) == (4, 4, 6)


def test_a_start_that_many_share_is_one_row_and_no_pairs(find) -> None:
    states = {name: make_models.noised(model(0), seed) for seed, name in enumerate("abcdef")} | {"g": model(1)}
    found = find(**{name: {CODE: b"a = 1\n", MODEL: make_models.saved(state)} for name, state in states.items()})
    assert found.weights == []
    assert found.crowds == [likeness.Crowd(MODEL, list("abcdef"))]


def test_what_cannot_be_read_is_named_with_its_reason(find, write) -> None:
    (write() / "zeno.zip").write_bytes(b"PK\3\4")
    large = b"#" * (winnowing.MAX_BYTES + 1)
    found = find(ada={CODE: b"a = 1\n", MODEL: b"\x80"}, bell={"notes.txt": b"none"}, curie={CODE: large})
    reasons = {one.name: one.why for one in found.left_out}
    assert sorted(reasons) == ["ada", "bell", "curie", "zeno"]
    assert reasons["ada"].startswith(f"{MODEL} is a bare pickle")
    assert reasons["bell"].startswith("no Python file lies in a folder")
    assert reasons["curie"] == f"{CODE} is too large to compare"
    assert reasons["zeno"].startswith("the zip is damaged")
    assert found.submissions == 2


def test_the_command_writes_the_page_and_the_table(write, assignment, tmp_path) -> None:
    folder = write(ada={CODE: WORK.encode()}, bell={CODE: HIDDEN.encode()}, curie={CODE: b"a = 1\n"})
    console = Console(record=True, width=200)
    similar.run(folder, tmp_path / "new" / "similar.html", assignment, console)
    with pytest.raises(SetupError, match=r"similar.csv is what the table is called, expected a page: .*similar.html"):
        similar.run(folder, tmp_path / "similar.csv", assignment, console)
    assert "3 submissions, 0 checkpoints: pairs with code in common: 1, with weights: 0" in console.export_text()
    page = (tmp_path / "new" / "similar.html").read_text()
    assert "A place to look, no finding" in page
    assert "it proves nothing, and it changes no mark" in page
    assert not re.search(r"cheat|plagiari|guilty|copied|steal|fraud|culprit", page, re.IGNORECASE)
    with (tmp_path / "new" / "similar.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["what"], row["first"], row["second"]) == ("code", "ada", "bell")
    assert row["file of the first"] == f"{CODE}:2"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=lambda text: repr(text[:12]))
def test_no_text_becomes_markup_on_the_page(text) -> None:
    side = likeness.Side(text, 1, f"{text}\n{text}")
    layer = likeness.LayerFound(text, 32, 32, 1, 3.0)
    found = Likeness(text, 2, 2, 1, identical=[Alike(text, (text, text))], left_out=[LeftOut(text, text)])
    found.code = [likeness.Code((text, text), 0.5, 9, [(side, side)], 1)]
    found.weights = [likeness.Weights((text, text), (text, text), 1e-9, [layer], [text])]
    found.crowds = [likeness.Crowd(text, [text])]
    page = similar_page.render(found)
    tags = _Tags()
    tags.feed(page)
    assert (tags.scripts, tags.bad) == (0, [])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page)


def test_a_small_class_shows_its_copies_and_nothing_else(find) -> None:
    own = [make_copies.independent(seed) for seed in range(6)]
    students = {f"own{n}": files for n, files in enumerate(own)} | {"copy0": make_copies.copied(own[0], "rewritten", 1)}
    zips = {name: {file: text.encode() for file, text in files.items()} for name, files in students.items()}
    assert [set(code.who) for code in find(**zips).code] == [{"own0", "copy0"}]
