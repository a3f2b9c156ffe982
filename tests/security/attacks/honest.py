"""What people upload without meaning harm: how it is packed, and what they are told."""

from __future__ import annotations

import codecs
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Files = dict[str, bytes]
Make = Callable[[Files], Files | bytes]
MODULE = "part1_numpy/activations.py"


@dataclass(frozen=True)
class Upload:
    """One of them.

    Attributes:
        make: changes the reference's files, or makes the bytes of what is uploaded instead of a zip.
        outcome: of the check of ReLU; "refused" where nothing is graded.
        says: in the sentence of that check, in the refusal, or in the notes.
    """

    name: str
    make: Make
    outcome: str = "passed"
    says: str = ""


def _below(folder: str) -> Make:
    return lambda files: {f"{folder}/{name}": content for name, content in files.items()}


def _with(**changes: str | bytes) -> Make:
    """Add files; `__` stands for a slash, `_dot_` for a dot."""
    added = {
        name.replace("__", "/").replace("_dot_", "."): text.encode() if isinstance(text, str) else text
        for name, text in changes.items()
    }
    return lambda files: {**files, **added}


def _in_module(line: str) -> Make:
    return lambda files: {**files, MODULE: files[MODULE] + b"\n" + line.encode() + b"\n"}


def _zip_in_a_zip(files: Files) -> Files:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return {"submission.zip": inner.getvalue()}


def _renamed(old: str, new: str) -> Make:
    return lambda files: {name.replace(old, new, 1): content for name, content in files.items()}


def _without(name: str) -> Make:
    return lambda files: {key: content for key, content in files.items() if key != name}


def _finders_junk(files: Files) -> Files:
    return {**files, **{f"__MACOSX/._{name}": b"\0\5\x16\7" for name in files}, ".DS_Store": b"\0"}


def _venv(files: Mapping[str, bytes]) -> Files:
    packages = {f"venv/lib/python3.11/site-packages/numpy/{number}.py": b"x = 1" for number in range(50)}
    return {**files, "venv/pyvenv.cfg": b"home = /usr/bin", **packages}


def _repository(files: Mapping[str, bytes]) -> Files:
    """All of the course's files around it, solutions of ours under the same names included."""
    copies = (f"{folder}/{MODULE}" for folder in ("reference", "autograder/given", "build/lib"))
    others = ("tests/test_a.py", "README.md", "Makefile", ".git/HEAD", "data/a", "runs/b", "dist/c.zip")
    return {**files, **dict.fromkeys((*copies, *others), b"x")}


def _flat(files: Mapping[str, bytes]) -> Files:
    return {name.removeprefix("part1_numpy/"): content for name, content in files.items() if name.startswith("part1")}


def _both_changed(files: Mapping[str, bytes]) -> Files:
    return {**_both(files), f"old/{MODULE}": b"x = 1"}


def _both(files: Mapping[str, bytes]) -> Files:
    return {f"{top}/{name}": content for top in ("old", "new") for name, content in files.items()}


NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
LAST_YEAR = "import torch\nfrom mytorch.nn import ReLU\n"

UPLOADS = (
    Upload("control: the reference solution", lambda files: files),
    Upload("control: a wrong solution", _in_module("ReLU.forward = lambda self, x: 2 * x"), "failed", "y["),
    Upload("one folder around everything", _below("hw2")),
    Upload("three folders around everything", _below("final/really final/hw2")),
    Upload("a folder with umlauts and blanks", _below("Übung 2 (Kopie)")),
    Upload(
        "backslashes, as an old Windows program writes", lambda files: {k.replace("/", "\\"): files[k] for k in files}
    ),
    Upload("junk of the Finder", _finders_junk),
    Upload("a virtual environment", _venv, says="ignored"),
    Upload("a git repository", _with(_dot_git__HEAD="ref: refs/heads/main", _dot_git__objects__ab="x"), says="ignored"),
    Upload("compiled files", _with(part1_numpy____pycache____activations_dot_pyc=b"\0"), says="ignored"),
    Upload("a notebook beside the code", _with(part1_numpy__work_dot_ipynb=NOTEBOOK), says="work.ipynb"),
    Upload("a report as PDF beside the code", _with(report__report_dot_pdf=b"%PDF-1.7"), says="ignored"),
    Upload(
        "an edited given file",
        _with(part1_numpy__module_dot_py="class Module: pass\n"),
        says="replaced by the original",
    ),
    Upload("a missing given file", _without("part1_numpy/module.py"), says="added"),
    Upload("a byte order mark", lambda files: {**files, MODULE: codecs.BOM_UTF8 + files[MODULE]}),
    Upload("line ends of Windows", lambda files: {**files, MODULE: files[MODULE].replace(b"\n", b"\r\n")}),
    Upload(
        "UTF-16",
        lambda files: {**files, MODULE: files[MODULE].decode().encode("utf-16")},
        "raised",
        "activations.py is UTF-16, expected UTF-8",
    ),
    Upload(
        "Latin-1 without saying so",
        lambda files: {**files, MODULE: files[MODULE] + b"# gr\xf6\xdfe"},
        "passed",
        "",
    ),
    Upload("prints left in", _in_module("print('debug: loaded')")),
    Upload("a breakpoint left in", _in_module("breakpoint()"), "raised", "BdbQuit"),
    Upload("a question to the user", _in_module("input('size? ')"), "raised", "EOFError"),
    Upload("tests at the bottom", _in_module("if __name__ == '__main__':\n    raise SystemExit")),
    Upload("a library that is not there", _in_module("import scipy"), "raised", "No module named 'scipy'"),
    Upload("torch in part 1", _in_module("import torch"), "raised", "No module named 'torch'"),
    Upload("matplotlib in part 1", _in_module("import matplotlib"), "raised", "No module named 'matplotlib'"),
    Upload("a path of one's own machine", _in_module("open('C:\\\\Users\\\\me\\\\x.npy')"), "raised", "No such file"),
    Upload("sys.path changed", _in_module("import sys; sys.path.insert(0, '..')")),
    Upload("an earlier year's file", _with(part1_numpy__activations_dot_py=LAST_YEAR), "raised", "No module named"),
    Upload("a git-LFS pointer", _with(part1_numpy__activations_dot_py=POINTER), "raised", "is a pointer of Git LFS"),
    Upload("a missing file", _without(MODULE), "raised", "part1_numpy/activations.py is missing"),
    Upload(
        "a file in capitals",
        _renamed("activations.py", "Activations.py"),
        "raised",
        "part1_numpy/activations.py is missing, Activations.py is there: rename it",
    ),
    Upload("a part in capitals", _renamed("part1_numpy", "Part1_NumPy"), "skipped", "rename the folder Part1_NumPy"),
    Upload("a part with a dash", _renamed("part1_numpy", "part1-numpy"), "skipped", "rename the folder part1-numpy"),
    Upload("only the notebook", lambda files: {"work.ipynb": NOTEBOOK}, "refused", "no Python file lies in a folder"),
    Upload("a zip in a zip", _zip_in_a_zip, "refused", "the zip holds submission.zip"),
    Upload("a folder with the zip in it", lambda files: {"hw2/submission.zip": b"PK"}, "refused", "a zip in a zip is"),
    Upload("two equal copies of the work", _both, says="old/part1_numpy is the same as new/part1_numpy, which counts"),
    Upload("two copies of the work", _both_changed, "refused", "the parts lie in different folders, new/"),
    Upload("the whole repository", _repository, says="ignored, as these are no part of a submission: Makefile, README"),
    Upload("the whole repository as GitHub zips it", lambda files: _below("hw2-main")(_repository(files))),
    Upload("one folder more", _renamed("part1_numpy/", "part1_numpy/part1_numpy/"), says="part1_numpy is taken from"),
    Upload("flat files", _flat, says="taken as files of part1_numpy, of which there is no folder"),
    Upload(
        "a download beside the skeleton",
        _with(**{"part1_numpy__activations (1)_dot_py": "x = 1"}),
        says="activations.py counts; part1_numpy/activations (1).py, which differs, does not",
    ),
    Upload(
        "a download instead of the file",
        _renamed("activations.py", "activations (1).py"),
        "raised",
        "part1_numpy/activations.py is missing, activations (1).py is there: rename it",
    ),
    Upload("a notebook of a module", _renamed("activations.py", "activations.ipynb"), "raised", "notebooks are not gr"),
    Upload("a class by another name", _in_module("Relu = ReLU; del ReLU"), "raised", "defines Relu, expected ReLU"),
    Upload("a method without self", _in_module("ReLU.forward = lambda x: x"), "raised", "(x), expected self first"),
    Upload("a function for a class", _in_module("def ReLU(x): return x"), "raised", "is a function, expected a class"),
    Upload("a constructor of one's own", _in_module("ReLU.__init__ = lambda self, n: 0"), "raised", "> takes (n), exp"),
    Upload("a left-over bidirectional character", _in_module("# \u202e"), says="has the control character U+202E"),
    Upload("a RAR archive called .zip", lambda files: b"Rar!\x1a\x07\x01\x00", "refused", "a RAR archive"),
    Upload("a tarball called .zip", lambda files: b"\x1f\x8b\x08" + bytes(20), "refused", "a gzip archive"),
    Upload("a PDF called .zip", lambda files: b"%PDF-1.7", "refused", "a PDF"),
    Upload("the page of a login called .zip", lambda files: b"<!doctype html><title>Sign in", "refused", "a web page"),
    Upload("an upload that broke off", lambda files: b"PK\x03\x04" + bytes(40), "refused", "damaged"),
    Upload("nothing", lambda files: b"", "refused", "an empty file"),
)
