"""Whether a layer's backward is the gradient of its own forward, where nothing else says what is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.checking.declarations.declared import Declaration
from autograder.checking.declarations.derived import Rng
from autograder.checking.declarations.drawn import Case
from autograder.checking.declarations.tried import draw
from autograder.checking.each import for_each
from autograder.checking.expect import expect_array, expect_close
from autograder.checking.student import Student

STEP, NEARLY = 1e-5, 1e-6  # of central differences, and the relative error that they may have
ENTRIES = 24  # of an array, for which they are taken


def differences(own: Declaration, student: Student, rng: Rng, seed: int | None = None) -> None:
    """Pass a layer whose backward gives what central differences of its own forward give."""

    def ask(student: Student, rng: Rng, case: Case, rich: bool) -> None:
        trial = draw(own, rng, case)

        def total(**changed: np.ndarray) -> float:
            other = replace(trial, arrays={**trial.arrays, **changed})
            outputs = other.run(student, other.layer(student, seed=seed), other.arrays)
            those = zip(own.outputs, outputs, trial.upstream, strict=True)
            return float(sum((expect_array(one, name, dy.shape) * dy).sum() for name, one, dy in those))

        layer = trial.layer(student, seed=seed)
        trial.run(student, layer, trial.arrays)
        gradients = dict(zip((f"d{name}" for name in own.leaves), trial.pull(layer, trial.upstream), strict=True))
        gradients |= {name: value for _, name, value in trial.found(layer)}
        for leaf, (name, found) in zip([*own.leaves, *trial.present(own.parameters)], gradients.items(), strict=True):
            value = trial.arrays[leaf]
            places = rng.permutation(value.size)[:ENTRIES]
            slopes = []
            for place in places:
                ends = []
                for step in (STEP, -STEP):
                    moved = value.copy()
                    moved.flat[place] += step
                    ends.append(total(**{leaf: moved}))
                slopes.append((ends[0] - ends[1]) / (2 * STEP))
            array = expect_array(found, name, value.shape)
            expect_close(array.ravel()[places], np.array(slopes), name, tolerance=NEARLY)

    for_each(student, rng, own.plan.cases(rng, 1)[:3], lambda student, rng, case: ask(student, rng, case, True))
