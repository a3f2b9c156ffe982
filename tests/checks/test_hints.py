"""What is shown under a failing check fits what was seen: no hint contradicts the failure above it."""

from __future__ import annotations

import pytest

from autograder.reports.scores import Outcome

SGD, RESAMPLING, POOLING, CONV = (f"part1_numpy/{name}.py" for name in ("optim", "resampling", "pooling", "conv2d"))
UPDATE = "                self.velocity[index, parameter] = v\n"


def read(grade, reference, change: tuple[str, str, str], check: str) -> tuple[Outcome, str]:
    """What a student reads under one check, after one change to the reference."""
    file, before, after = change
    source = reference[file].decode()
    assert source.count(before) == 1
    files = {**reference, file: source.replace(before, after).encode()}
    mark = grade(files, todos=(check.partition("-")[0],)).marks[check]
    return mark.outcome, f"{mark.message}\n{mark.finding.suspect}\n{mark.help}"


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (
            UPDATE + "                g[...] = v if decay == 0 else g\n",
            "db equals what you get when the velocity is kept in it",
        ),
        (UPDATE + "                g[...] = v\n", "dw equals what you get when the velocity is kept in it"),
        (UPDATE + "                g += decay * w\n", "weight decay is added to it in place"),
        (UPDATE + "                g[...] = 0 if decay == 0 else g\n", "db equals what you get when it is set to 0"),
    ],
    ids=["velocity in db", "velocity in dw", "decay in dw", "db set to 0"],
)
def test_what_became_of_a_gradient_is_named_and_nothing_else(grade, reference, after, says) -> None:
    _, text = read(grade, reference, (SGD, UPDATE, after), "1.13-inputs")
    assert says in text
    assert ("weight_decay" in text) == ("weight decay" in says)


def test_a_crash_has_no_help_that_speaks_of_values(grade, reference) -> None:
    change = (CONV, "down = np.zeros((k, c, k, self.shape[2], q)", "down = np.zeros((k, c, k, self.shape[3], q)")
    outcome, text = read(grade, reference, change, "1.6-db")
    assert outcome is Outcome.RAISED
    assert "bias[f] was added" not in text


@pytest.mark.parametrize("both", ["x.shape[2], x.shape[2]", "x.shape[3], x.shape[3]"], ids=["height", "width"])
def test_one_length_for_both_axes_is_not_taken_for_a_lost_rest(grade, reference, both) -> None:
    before = "self.shape = x.shape\n        return x[:, :, :: self.factor, :: self.factor]"
    after = before.replace("= x.shape\n", f"= (*x.shape[:2], {both})\n")
    _, text = read(grade, reference, (RESAMPLING, before, after), "1.8-downsample-backward")
    assert "rest that forward dropped" not in text


def test_a_changed_input_is_not_told_about_dtypes(grade, reference) -> None:
    change = (
        POOLING,
        "out=self.winner[image])\n        return y",
        "out=self.winner[image])\n        x.setflags(write=True)\n        x *= 1.5\n        return y",
    )
    _, text = read(grade, reference, change, "1.7-inputs")
    assert "x was changed by the call" in text
    assert "float32 comes out" not in text
