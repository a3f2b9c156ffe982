"""The written report: what is filled in, what is said to be missing, and that the student's text stays as it is."""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from homework import COURSE, ROOT

from autograder.course import assignment as assignments
from autograder.course import report_rubric as criteria
from autograder.errors import RubricError, SetupError
from autograder.students.report import make
from autograder.students.report.document import fill

RUBRIC = criteria.load(COURSE.folder / "report" / "rubric.toml")
TABLE = "factor,method,error %\n0.01,cross-entropy | plain,29.6 ± 0.4\n"
EVERYTHING = """\
# 1 Theory
### 1.1 Shapes
Words with **bold**, *slanted*, `code`, a [link](https://arxiv.org) and a [trap](javascript:alert(1)).

- one
    1. two
- three

> quoted

```python
# 1.2 no heading
{{ figure: nowhere }}
```

```math
P = \\frac{H - K}{S} + 1
```

{{ table: imbalance | Errors_of *all* }}

<script>alert(1)</script> <!-- a comment -->

![mine](own.png)

---
### 1.2 Matrix
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    home = tmp_path / "report"
    (home / "results").mkdir(parents=True)
    (home / "results" / "imbalance.csv").write_text(TABLE)
    (home / "own.png").write_bytes((ROOT / "docs" / "images" / "report.png").read_bytes())
    return home


def write_runs(folder: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    for model, best in (("vanilla_cnn", 0.6), ("my_model", 0.9)):
        with SummaryWriter(str(folder / model)) as events:
            for epoch, value in enumerate((0.3, best, 0.5), start=1):
                for what in ("loss", "accuracy"):
                    events.add_scalar(f"Train/{what}", 0.25, epoch)
                    events.add_scalar(f"Valid/{what}", value, epoch)
    (folder / "my_model" / "test.json").write_text('{"accuracy": 0.8123}')


class Text(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_template_has_a_heading_for_each_line_of_the_rubric_and_nothing_else(tmp_path) -> None:
    text = (COURSE.folder / "report" / "template.md").read_text()
    assert re.findall(r"^### (\d\.\d)", text, re.MULTILINE) == [line.number for line in RUBRIC.line]
    assert dict(re.findall(r"^# (\d) (.+)$", text, re.MULTILINE)) == RUBRIC.sections
    promised = re.findall(r"<!-- (\d) points", text)
    assert sorted(promised) == sorted(f"{line.points:g}" for line in RUBRIC.line)


def test_the_rubric_gives_the_points_of_the_assignment() -> None:
    assert RUBRIC.points == assignments.load(COURSE).report.points == 38
    assert [RUBRIC.section_points(number) for number in "1234"] == [8, 12, 10, 8]


def test_an_untouched_template_is_empty_in_every_section(tmp_path) -> None:
    made = make.make(tmp_path / "report", tmp_path / "runs", COURSE.folder / "report")
    empty = [note for note in made.notes if "is empty" in note]
    assert len(empty) == len(RUBRIC.line)
    assert "section 3.2 is empty (3 points): Results: the table" in "\n".join(empty)
    assert any("report.md is new, a copy of the template" in note for note in made.notes)
    assert any("table training is not there yet: train a network" in note for note in made.notes)
    assert any(
        "figure imbalance-groups is not there yet: run `python -m part3_imbalance" in note for note in made.notes
    )


def test_pages_hold_text_tables_figures_and_formulas_and_the_source_stays_as_it_is(folder, tmp_path) -> None:
    write_runs(tmp_path / "runs")
    source = EVERYTHING + "{{ table: training }}\n{{ figure: training | Curves }}\nwords\n"
    (folder / "report.md").write_text(source)
    made = make.make(folder, tmp_path / "runs", COURSE.folder / "report")
    assert (folder / "report.md").read_text() == source
    page = Text((folder / "report.html").read_text())
    images = [attributes["src"] or "" for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 3
    assert all(image.startswith("data:image/png;base64,") for image in images)
    assert "script" not in {tag for tag, _ in page.tags}
    assert [attributes["href"] for tag, attributes in page.tags if tag == "a"] == ["https://arxiv.org"]
    for text in ("cross-entropy | plain", "29.6 ± 0.4", "Errors_of *all*", "<script>alert(1)</script>", "0.8123",
                 "0.900 (epoch 2)", "not measured", "{{ figure: nowhere }}"):  # fmt: skip
        assert text in page.text
    assert "a comment" not in page.text
    assert page.text.index("vanilla_cnn") < page.text.index("my_model"), "the best network comes last"
    paper = (folder / "report.pdf").read_bytes()
    assert paper.startswith(b"%PDF-")
    assert paper.count(b"/Subtype /Image") >= 3
    assert not [note for note in made.notes if "section 1." in note and "1.3" not in note and "1.4" not in note]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("### 1.1 A\n\n{{ tabel: x }}\n", "report.md:3: '{{ tabel: x }}' is no place to fill in"),
        ("### 1.1 A\n\n{{ table: other }}\n", "table other is not there yet: there is no"),
        ("### 1.1 A\n![x](missing.png)\n", "the image missing.png cannot be shown"),
        ("### 1.1 A\n![x](https://a.b/c.png)\n", "the image https://a.b/c.png cannot be shown"),
        ("### 1.1 A\n```math\n\\frac{\n```\n", r"the formula '\\frac{' cannot be drawn"),
        ("### 1.1 A\n#### my own heading\n<!-- x -->\n", "section 1.1 is empty (2 points)"),
        ("words\n", "there is no heading 1.1, which the rubric gives 2 points"),
    ],
    ids=["misspelled", "no file", "no image", "an image elsewhere", "a formula", "no words", "no heading"],
)
def test_what_is_missing_is_said(folder, tmp_path, text, note) -> None:
    (folder / "report.md").write_text(text)
    made = make.make(folder, tmp_path / "runs", COURSE.folder / "report")
    assert note in "\n".join(made.notes)
    assert all(path.stat().st_size for path in made.paths)


def test_a_heading_in_a_block_of_code_opens_no_section(folder) -> None:
    (folder / "report.md").write_text("### 1.1 A\n```\n### 1.2 B\n```\n### 1.3 C\nwords\n")
    notes = "\n".join(fill(folder / "report.md", folder / "results", RUBRIC).notes)
    assert "there is no heading 1.2" in notes
    assert "1.1" not in notes
    assert "1.3" not in notes


def test_signs_that_no_font_has_and_long_words_do_not_stop_the_page(folder, tmp_path, caplog) -> None:
    caplog.set_level(logging.ERROR)
    cells = " | ".join("w" * 60 for _ in range(6))
    (folder / "report.md").write_text(
        f"# {'x' * 300}\n{'y' * 3000} 漢字 😀 \x00 | z\n\n| {cells} |\n|{'---|' * 6}\n| {cells} |\n"
    )
    assert make.make(folder, tmp_path / "runs", COURSE.folder / "report").paths[1].read_bytes().startswith(b"%PDF-")


def test_a_report_that_is_no_text_is_refused(folder, tmp_path) -> None:
    (folder / "report.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SetupError, match=r"report.md: it is no UTF-8 text"):
        make.make(folder, tmp_path / "runs", COURSE.folder / "report")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("theory-matrix", "theory-shapes"), "rubric.toml: two lines have the id theory-shapes"),
        (('number = "1.2"', 'number = "9.2"'), "line theory-matrix: there is no section 9"),
        (("points = 2", "points = -2"), "rubric.toml: line.0.points: input should be greater than 0"),
        (("[sections]", "[sections"), "rubric.toml: "),
    ],
)
def test_a_rubric_that_contradicts_itself_is_refused(tmp_path, change, message) -> None:
    text = (COURSE.folder / "report" / "rubric.toml").read_text().replace(*change)
    (tmp_path / "rubric.toml").write_text(text)
    with pytest.raises(RubricError, match=re.escape(message)):
        criteria.load(tmp_path / "rubric.toml")
