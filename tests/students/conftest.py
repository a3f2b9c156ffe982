"""The handout of the homework, packed once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from homework import COURSE

from autograder.authoring import release


@pytest.fixture(scope="session")
def handout() -> Mapping[str, bytes]:
    return release.handout(COURSE)
