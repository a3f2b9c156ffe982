"""What the docs tell to type exists: commands with their options, targets of make and what they read, our files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

import click
from homework import ROOT

from autograder import cli

OWN = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "SPECIFICATION.md")
HANDOUT = ROOT / "courses" / "convnets" / "handout"
PAGES = [ROOT / name for name in OWN] + sorted((ROOT / "docs").rglob("*.md")) + [HANDOUT / "README.md"]
FILE = re.compile(r"\b((?:tests|docs|autograder|courses/convnets)/[\w/.-]+\.(?:py|md|toml|json|npz))\b")


def _typed(text: str) -> Iterator[list[str]]:
    """Yield the words of each line of shell, of blocks and within sentences."""
    fenced = re.sub(r"```(?!sh).*?```", "", text, flags=re.DOTALL)
    lines = re.findall(r"^    +(.+)$", fenced, re.MULTILINE) + re.findall(r"`([^`\n]+)`", fenced)
    for line in lines:
        for part in line.split(" # ")[0].split("&&"):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:  # a sentence with an apostrophe
                continue
            yield [word for word in words if word != "$"]


def _called(words: list[str]) -> list[str]:
    """What follows our name, or nothing where something else is called."""
    for start in (["autograder"], [".venv/bin/autograder"], ["python", "-m", "autograder"], ["srun", "autograder"]):
        if words[: len(start)] == start:
            return words[len(start) :]
    return []


def _wrong(words: list[str], known: Mapping[str, click.Command]) -> str:
    """Say what a line calls that is not there."""
    called = _called(words)
    if not called or not re.fullmatch(r"[a-z]+", called[0]):
        return ""
    if called[0] not in known:
        return called[0]
    options = {name for each in known[called[0]].params for name in (*each.opts, *each.secondary_opts)}
    return " ".join({word for word in called[1:] if re.fullmatch(r"--?[a-z][\w-]*", word)} - options)


def _unmade(words: list[str], makefiles: str) -> str:
    """Say which target no Makefile has, or which variable none reads."""
    for word in words[1:] if words[:1] == ["make"] else ():
        name, is_variable, _ = word.partition("=")
        there = f"$({name})" in makefiles if is_variable else re.search(rf"^{name}:", makefiles, re.MULTILINE)
        if re.fullmatch(r"[\w-]+", name) and not there:
            return word
    return ""


def test_a_command_of_the_docs_exists_and_takes_its_options() -> None:
    known = cli.command_line().commands
    lines = [(path.name, words) for path in PAGES for words in _typed(path.read_text()) if _called(words)]
    assert len(lines) > 80
    assert [(page, words) for page, words in lines if _wrong(words, known)] == []
    assert _wrong(["autograder", "batch", "x.zip", "--outt", "y"], known) == "--outt"
    assert _wrong(["autograder", "grades", "x.zip"], known) == "grades"


def test_a_target_of_make_in_the_docs_exists_and_reads_its_variables() -> None:
    makefiles = (ROOT / "Makefile").read_text() + (HANDOUT / "Makefile").read_text()
    lines = [(path.name, words) for path in PAGES for words in _typed(path.read_text()) if words[:1] == ["make"]]
    assert len(lines) > 50
    assert [(page, words) for page, words in lines if _unmade(words, makefiles)] == []
    assert _unmade(["make", "test", "TODOS=1.6"], makefiles) == "TODOS=1.6"
    assert _unmade(["make", "tests"], makefiles) == "tests"


def test_a_file_of_ours_that_the_docs_name_is_there() -> None:
    named = [(path.name, name) for path in PAGES for name in FILE.findall(path.read_text())]
    assert len(named) > 100
    assert [(page, name) for page, name in named if not (ROOT / name).exists()] == []
