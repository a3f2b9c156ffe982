"""`autograder report`: the student's text, filled in, as HTML and PDF."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.course import report_rubric as criteria
from autograder.errors import SetupError
from autograder.reports import files
from autograder.students.report import runs
from autograder.students.report.document import Document, fill

TEXT, TEMPLATE, RESULTS = "report.md", "template.md", "results"


@dataclass(frozen=True)
class Made:
    """What was written, and what there is to tell."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def make(folder: Path, runs_folder: Path, templates: Path) -> Made:
    """Make `report.html` and `report.pdf` of the report in a folder, which begins as a copy of the template.

    Args:
        folder: holds `report.md`, and the results of the experiment in `results/`.
        runs_folder: holds what `make train` logged.
        templates: of the course: text and rubric.

    Raises:
        SetupError: if a library is missing, or something cannot be read or written.
        RubricError: if the rubric cannot be used.
    """
    began = not (folder / TEXT).exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if began:
            shutil.copyfile(templates / TEMPLATE, folder / TEXT)
        if trained := runs.read(runs_folder):
            runs.write(trained, folder / RESULTS)
        document = fill(folder / TEXT, folder / RESULTS, criteria.load(templates / criteria.FILE))
        paths = _pages(document, folder)
    except ImportError as error:
        raise SetupError(f"{error.name} is not installed: pip install -e '.[report]'") from None
    except OSError as error:
        raise SetupError(f"{error.filename or folder}: {error.strerror}") from None
    first = [f"{folder / TEXT} is new, a copy of the template: write your text into it"] if began else []
    return Made(paths, (*first, *document.notes))


def _pages(document: Document, folder: Path) -> tuple[Path, ...]:
    from markdown_it.tree import SyntaxTreeNode

    from autograder.students.report import pages, pdf

    page, paper = folder / "report.html", folder / "report.pdf"
    with tempfile.TemporaryDirectory() as temporary:
        tokens = pages.parse(document)
        images = pages.pictures(document, tokens, Path(temporary))
        pdf.write(SyntaxTreeNode(tokens), images, paper)
        files.replace(page, pages.to_html(document, tokens, images))
    return page, paper
