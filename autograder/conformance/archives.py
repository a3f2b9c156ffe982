"""Malformed zips: how our reader refuses them, and what a grader gets that unpacks them with Python's zipfile."""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path

from autograder.conformance.target import COURSE
from autograder.course.assignment import Limits
from autograder.errors import SubmissionError
from autograder.submission.receive import open_submission


def wrong(content: bytes, sentence: str, limits: Limits) -> str:
    """Say what is wrong with how a zip is refused; empty if nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.zip")
        path.write_bytes(content)
        try:
            open_submission(path, Path(folder, "into"), limits, COURSE)
        except SubmissionError as error:
            return "" if re.search(sentence, str(error)) else f"{error}, expected {sentence!r}"
    return "it is accepted"


def breach(content: bytes) -> str:
    """Unpack a zip with zipfile alone, in a folder that is thrown away, and say what that led to.

    BadZipFile is what a grader expects of a damaged zip, and no breach.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.zip")
        path.write_bytes(content)
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(Path(folder, "into"))
        except zipfile.BadZipFile:
            return ""
        except Exception as error:
            return f"zipfile ends with {type(error).__name__}, which few expect"
        return "zipfile unpacks it without a word"
