"""What a student reads of a slip in a declared layer: the mistake by its name, and the one that explains all values."""

from __future__ import annotations

import pytest
from declaring import BEND, CONV, COURSE, DROP, LINEAR, MORE, NETWORK, NORM, changed

from autograder.course import mistakes


@pytest.mark.parametrize(
    ("todo", "file", "pair", "loses", "says"),
    [
        (
            "1.14",
            NORM,
            ("* self.weight[:, None, None] + self.bias[:, None, None]", "* self.weight[:, None, None]"),
            "1.14-values",
            "bias is left out",
        ),
        (
            "1.14",
            NORM,
            ("self.dw = (dy * z)", "self.dw = self.dw + (dy * z)"),
            "1.14-latest",
            "adds to what an earlier backward has left",
        ),
        ("1.14", NORM, ("if self.training:", "if True:"), "1.14-evaluation", "taken to be in training"),
        (
            "1.14",
            NORM,
            ("np.sqrt(variance + self.eps)", "np.sqrt(variance + 1e-5)"),
            "1.14-values",
            "eps is 1e-05, not 0.1",
        ),
        (
            "1.15",
            DROP,
            ("(kept / (1 - self.p) if self.p < 1 else kept)", "kept"),
            "1.15-shares",
            "is 1 times what goes in, expected 0 or 1.25 times",
        ),
        ("1.15", DROP, ("(*x.shape[:2], 1, 1)", "x.shape"), "1.15-shares", "some are kept and some are not"),
        (
            "1.15",
            DROP,
            ("self.rng.binomial", "np.random.default_rng().binomial"),
            "1.15-seeds",
            "differs between two layers",
        ),
        ("1.15", DROP, ("return dy * self.factors", "return dy * self.factors[::-1]"), "1.15-same-draw", "dx["),
        ("1.5", MORE, ("dc = dc + dh", "dc = dh"), "1.5-gradient", "dc is 0"),
        ("1.8", MORE, ("(np.exp(logs) - target) / len(y)", "np.exp(logs) - target"), "1.8-gradient", "multiplied by N"),
        ("1.5", CONV, ("+ self.bias[:, None]", "+ 3 * self.bias[:, None]"), "1.5-forward", "bias counts K times"),
        (
            "1.14",
            NORM,
            ("dy.sum(axis=(0, 2, 3))", "dy.sum(axis=(0, 1, 3))"),
            "1.14-parameters",
            "summed over axes 0, 1, 3",
        ),
        (
            "1.14",
            NORM,
            ("dy.sum(axis=(0, 2, 3))", "dy.sum(axis=(2, 3))"),
            "1.14-parameters",
            "dy is summed over axes 2, 3",
        ),
        ("1.3", BEND, ("dy * (1 - self.y**2)", "dy * 1 - self.y**2"), "1.3-tanh", "it is worked out as dy - y**2"),
        (
            "1.3",
            BEND,
            ("np.where(x >= 0, 1, small) / (1 + small)", "1 / 1 + np.exp(-x)"),
            "1.3-sigmoid",
            "y equals what you get when it is worked out as 1 / 1 + exp(-x)",
        ),
    ],
)
def test_a_slip_of_any_layer_is_named_without_a_suspect_of_its_own(ask, todo, file, pair, loses, says) -> None:
    course, files = changed(file, pair)
    found = ask(course, todo, files)
    assert found[:1] == [loses], found
    assert says in "\n".join(found), found


SLIPS = [one for one in mistakes.load(COURSE) if one.suspect and one.file == NORM]


@pytest.mark.parametrize("mistake", SLIPS, ids=lambda one: one.name)
def test_a_mistake_that_is_written_once_is_told_in_its_words(ask, mistake) -> None:
    """In the wording of another student, who wrote the same mistake with other names."""
    files = mistake.apply(COURSE.files())
    text = files[mistake.file].decode().replace("through_mean", "mean_of_dy").replace("normalised", "hat")
    found = ask(COURSE, "1.14", {**files, mistake.file: text.encode()})
    assert found[2].endswith(f"equals what you get when {mistake.suspect}"), found


@pytest.mark.parametrize(
    ("todo", "file", "pair", "loses", "says"),
    [
        (
            "1.2",
            LINEAR,
            ("@ self.weight.T +", "@ self.weight.ravel().reshape(x[0].size, -1) +"),
            "1.2-forward",
            "y equals what you get when the weight is reshaped, not transposed",
        ),
        (
            "1.5",
            CONV,
            ("+ self.bias[:, None]", "- self.bias.reshape(-1, 1)"),
            "1.5-forward",
            "y equals what you get when bias has the other sign",
        ),
        (
            "1.12",
            NETWORK,
            ("ACTIVATIONS[activation]()]", "ACTIVATIONS['relu']()]"),
            "1.12-layers",
            "the row of layers equals what you get when the activation is always ReLU",
        ),
    ],
)
def test_of_the_mistakes_that_fit_one_value_the_one_that_fits_all_is_told(ask, todo, file, pair, loses, says) -> None:
    """The first weight is square: there, reshaping it is no transposing it."""
    course, files = changed(file, pair)
    found = ask(course, todo, files)
    assert (found[0], found[2]) == (loses, says)
