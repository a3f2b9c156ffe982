"""2.5: a run that is stopped in one process and goes on in a fresh one, and a run that must not go on."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.cases.situations import Situation, Trait, situations
from autograder.cases.training import Plan
from autograder.checking.each import for_each
from autograder.checking.expect import expect_close, expect_equal
from autograder.checking.raising import telling
from autograder.checking.rubric import check
from autograder.checking.student import Student
from autograder.errors import CheckFailed

from ..part1.shared import Clauses
from .fit import SECONDS, expect_best, expect_history, expect_number
from .runs import LAST, Run, Stop, draw_plan, draw_telling_plan, fit
from .shared import draw_parameters

SEED, OTHER_SEED = 11, 12  # of torch's global generator, before the run and before it goes on
DEPENDS = (
    Trait("drawn", "the images come in an order that is drawn", "where the images come in one order in all epochs"),
    Trait("rates", "the learning rate changes", "for a constant learning rate"),
    Trait("moving", "there is momentum", "for momentum 0"),
)
NEIGHBOURS = 10.0  # seconds: each is two runs
PARAMETERS = "the parameters after the last epoch"


def _resumed(student: Student, plan: Plan, stop: Stop, save_every: int, **how: Any) -> Run:
    """The rest of a run that was stopped, in a fresh process; `how` says what `fit` is like."""
    files = fit(student, plan, seed=SEED, save_every=save_every, stop=stop, **how).files()
    if LAST not in files:
        when = {"cut": f"when the training loader is used for epoch {stop[1]}, with save_every {save_every}"}
        raise CheckFailed(f"{LAST} is not in out_dir {when.get(stop[0], f'after an interrupt in epoch {stop[1]}')}")
    student.renew()
    return fit(student, plan, seed=OTHER_SEED, save_every=save_every, files=files, **how)


@check("2.5-resume", points=4, needs=("2.3-learns", "2.5-files"), seconds=SECONDS)
def run_goes_on_exactly(student: Student, rng: np.random.Generator) -> None:
    """fit, stopped after epoch 2 of 4 and called again in a fresh process, ends as if it had never been stopped.

    The power goes off at the beginning of epoch 3. What the rest of the run depends on: weights, velocities, learning
    rate, the order in which the images are still to come.
    """

    def body(student: Student, rng: np.random.Generator, case: Situation) -> None:
        plan = draw_plan(rng)
        plan = plan._replace(momentum=plan.momentum if "moving" in case else 0.0)
        how: dict[str, Any] = {"shuffle": "drawn" in case, "schedule": "one_cycle" if "rates" in case else "constant"}
        whole = fit(student, plan, seed=SEED, save_every=2, **how).parameters()
        rest = _resumed(student, plan, ("cut", 3, 0), 2, **how)
        expect_close(rest.parameters(), whole, PARAMETERS, axes=("parameter",))

    for_each(student, rng, situations("a run that is stopped", DEPENDS, "drawn rates moving"), body, NEIGHBOURS)


@check("2.5-interrupt", points=2, needs=("2.5-resume",), seconds=SECONDS, alone=False)
def run_survives_an_interrupt(student: Student, rng: np.random.Generator) -> None:
    """fit, interrupted amid an epoch, saves the state at the end of the last whole one, and passes the interrupt on.

    The KeyboardInterrupt comes in epoch 3, which has changed the weights already when it comes; and in another run in
    epoch 1, before which there is no whole one.
    """
    plan = draw_plan(rng)
    whole = fit(student, plan, seed=SEED, shuffle=True, save_every=4).parameters()
    rest = _resumed(student, plan, ("interrupt", 3, 2), 4, shuffle=True)
    with telling("the interrupt comes in the first epoch here, when there is no state to save yet"):
        fit(student, plan, stop=("interrupt", 1, 1))
    expect_close(rest.parameters(), whole, PARAMETERS, axes=("parameter",))


@check(
    "2.5-continued",
    points=2,
    needs=("2.5-resume", "2.5-history", "2.5-scalars", "2.5-best"),
    seconds=SECONDS,
    alone=False,
)
def run_continues_its_records(student: Student, rng: np.random.Generator) -> None:
    """fit() goes on with history, epochs and best accuracy of the run that was stopped.

    The history has the rows of all epochs, steps are counted on, and best.pt is replaced by better weights only.
    `epoch` in last.pt is the number of epochs that are finished.
    """
    plan = draw_telling_plan(rng)
    rest = _resumed(student, plan, ("cut", 4, 0), 1)
    expect_history(rest.history, plan)
    suspects: Clauses = {"epochs are counted from 1 again": lambda: (1, 2), "epochs are counted from 0": lambda: (3, 4)}
    for tag in ("Train/loss", "LearningRate"):
        steps = tuple(step for step, _ in rest.scalars(tag))
        expect_equal(steps, (4, 5), f"the steps of {tag} after a stop in epoch 4", suspects=suspects)
    expect_best(rest, plan)
    expect_number(rest, LAST, "epoch", plan.epochs)


@check("2.5-counted", needs=("2.5-resume", "2.5-batches"), seconds=SECONDS, alone=False)
def run_counts_its_batches_on(student: Student, rng: np.random.Generator) -> None:
    """fit() counts the batches of Train/loss_batch on where the stopped run has seen some already."""
    plan = draw_plan(rng, count=99, batch_size=2, epochs=5)
    written = _resumed(student, plan, ("cut", 3, 0), 1).scalars("Train/loss_batch")
    steps = tuple(step for step, _ in written)
    expect_equal(steps, (100, 200), "the steps of Train/loss_batch after a stop at batch 100")


@check("2.5-afresh", points=2, needs=("2.5-resume",), seconds=SECONDS, alone=False)
def other_run_starts_afresh(student: Student, rng: np.random.Generator) -> None:
    """fit() starts afresh where out_dir holds a run with another configuration, or with a model of other shapes.

    It ends as if out_dir had been empty. why_not_resume tells runs apart.
    """
    earlier = draw_plan(rng, epochs=2)
    faster = draw_plan(rng, epochs=2, lr=0.25)
    wider = earlier._replace(parameters=draw_parameters(rng, hidden=6))
    for other, what in ((faster, "another learning rate"), (wider, "a wider model")):
        run, alone = fit(student, earlier), fit(student, other).parameters()
        suspects: Clauses = {f"the run goes on, in spite of {what}": run.parameters}
        found = fit(student, other, folder=run.folder).parameters()
        expect_close(found, alone, f"{PARAMETERS} with {what}", suspects=suspects, axes=("parameter",))


@check("2.5-fresh", needs=("2.5-resume",), seconds=SECONDS, alone=False)
def run_starts_afresh_when_asked_to(student: Student, rng: np.random.Generator) -> None:
    """fit() with resume=False starts afresh, whatever out_dir holds."""
    earlier = draw_plan(rng, epochs=2)
    again = earlier._replace(parameters=draw_parameters(rng))
    run, alone = fit(student, earlier), fit(student, again).parameters()
    suspects: Clauses = {"resume=False makes no difference": run.parameters}
    found = fit(student, again, folder=run.folder, resume=False).parameters()
    expect_close(found, alone, PARAMETERS, suspects=suspects, axes=("parameter",))


@check("2.5-kept", needs=("2.5-afresh",), seconds=SECONDS, alone=False)
def earlier_run_is_kept(student: Student, rng: np.random.Generator) -> None:
    """fit() keeps the files of a run that it does not go on with, under another name in out_dir.

    A learning rate that was changed by mistake would cost hours otherwise.
    """
    run = fit(student, draw_plan(rng, epochs=2))
    before = run.files()
    after = fit(student, draw_plan(rng, epochs=2, lr=0.25), folder=run.folder).files()
    if LAST in before and not any(np.array_equal(before[LAST], content) for content in after.values()):
        raise CheckFailed(f"{LAST} of the earlier run is gone, expected it under another name in out_dir")
