"""A scorecard with one mark of each outcome, and those that hold hostile texts."""

from __future__ import annotations

import pytest
from report_cards import HOSTILE, filled_with, make_card, make_mark

from autograder.errors import Finding
from autograder.reports.scores import Outcome, Scorecard


@pytest.fixture
def card() -> Scorecard:
    """One mark of each outcome, and what a scorecard may hold besides."""
    overlap = Finding("dx equals what you get when windows overwrite each other", ((0, 128), (255, 7), (0, 0)))
    return make_card(
        make_mark("1.1-view", printed="seen in passing"),
        make_mark("1.6-stride", Outcome.LOST, "no answer after 10 s", max_cents=35),
        make_mark("1.7-forward", max_cents=33),
        make_mark(
            "1.7-overlap",
            Outcome.FAILED,
            "dx[0, 1] is -0.41, expected 1.07",
            finding=overlap,
            help="Draw two\nwindows.",
            printed="dx is 3",
            max_cents=67,
        ),
        make_mark("1.7-average", Outcome.RAISED, "ValueError: no (pooling.py:41 in forward)"),
        make_mark("1.8-up", Outcome.UNFINISHED, "TODO 1.8: Upsample2d.forward (resampling.py:9 in forward)"),
        make_mark("1.8-down", Outcome.UNFINISHED, "TODO 1.8: Downsample2d.forward (resampling.py:30 in forward)"),
        make_mark("1.8-both", Outcome.UNFINISHED, "TODO 1.8: Upsample2d.forward (resampling.py:9 in forward)"),
        make_mark("1.9-adjoint", Outcome.SKIPPED, "needs 1.8-forward, which has not passed"),
        make_mark("1.10-matrix", Outcome.PENDING, "not reached yet"),
        make_mark("2.6-accuracy", Outcome.BROKEN, "the data set is not on this machine"),
        seconds={"1.1-view": 0.0123},
        notes=["part1_numpy/module.py was changed, the given one was used"],
        isolation="A",
        mechanisms={"seccomp": "held", "network": "not held: no namespaces"},
        places={"1.7": "part1_numpy/pooling.py"},
    )


@pytest.fixture(params=HOSTILE, ids=lambda name: name.replace(" ", "-"))
def hostile(request: pytest.FixtureRequest) -> Scorecard:
    """A scorecard that holds one hostile text wherever a text can be."""
    return filled_with(HOSTILE[request.param])
