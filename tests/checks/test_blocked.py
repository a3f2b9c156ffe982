"""One cause costs once: what a blocked check shows on its own counts, what it repeats does not."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from homework import COURSE

from autograder.course import mistakes as catalogue
from autograder.course import skeleton
from autograder.reports import causes
from autograder.reports.scores import Outcome

Files = Mapping[str, bytes]
CONV, FOCAL, MODELS = "part1_numpy/conv2d.py", "part3_imbalance/losses.py", "part2_pytorch/models.py"
FLIPPED = "Conv2d exchanges rows and columns of the kernel"


def change(files: Files, file: str, *changes: tuple[str, str]) -> dict[str, bytes]:
    """The same files with texts replaced that occur once each."""
    source = files[file].decode()
    for before, after in changes:
        assert source.count(before) == 1, before
        source = source.replace(before, after)
    return {**files, file: source.encode()}


def mistaken(files: Files, *names: str) -> dict[str, bytes]:
    """The reference with catalogued mistakes."""
    made = dict(files)
    for name in names:
        made = next(one for one in catalogue.load(COURSE) if one.name == name).apply(made)
    return made


def test_a_blocked_check_that_is_right_on_its_own_earns(grade, reference) -> None:
    """Dx is wrong for stride 1 only, where padding is none of its business."""
    files = mistaken(reference, "Conv2d's places of the kernel overwrite each other in dx")
    asked, unasked = grade(files, todos=("1.6",)), grade(files, todos=("1.6",), blocked="lose")
    assert asked.cents >= unasked.cents
    assert {mark.check for mark in unasked.marks.values() if mark.outcome is Outcome.PASSED} <= {
        mark.check for mark in asked.marks.values() if mark.outcome is Outcome.PASSED
    }


def test_what_repeats_its_blocker_is_skipped_and_told_under_it(grade, reference) -> None:
    card = grade(mistaken(reference, FLIPPED), todos=("1.6",))
    assert card.marks["1.6-stride"].outcome is Outcome.SKIPPED
    assert card.marks["1.6-stride"].blocker == "1.6-forward"
    (cause,) = causes.told(card)
    assert cause.mark.check == "1.6-forward"
    assert "1.6-stride" in cause.takes_along


def test_one_line_that_raises_in_many_checks_is_one_cause(grade, reference) -> None:
    change_ = ("down = np.zeros((k, c, k, self.shape[2], q)", "down = np.zeros((k, c, k, self.shape[3], q)")
    card = grade(change(reference, CONV, change_), todos=("1.6",))
    raised = [mark for mark in card.marks.values() if mark.outcome is Outcome.RAISED]
    assert len(raised) > 1
    assert len([cause for cause in causes.told(card) if cause.mark.outcome is Outcome.RAISED]) == 1


def test_parameters_of_other_shapes_are_told_in_a_sentence_wherever_they_are_filled(grade, reference) -> None:
    sizes = ("kernel_size=7)", "kernel_size=5)"), ("32 * 13 * 13, 10", "32 * 14 * 14, 10")
    marks = grade(change(reference, MODELS, *sizes), todos=("2.2",)).marks
    told = [mark.message for mark in marks.values() if "asked" in mark.message]
    assert told
    seen = "it was asked, and fails as well: conv.weight has shape (32, 3, 5, 5), expected one of (32, 3, 7, 7), (32,),"
    assert [one for one in told if seen not in one] == []


def test_a_policy_can_lose_what_is_blocked(grade, reference) -> None:
    files = mistaken(reference, FLIPPED)
    card = grade(files, todos=("1.6",), blocked="lose")
    assert card.marks["1.6-padding"].outcome is Outcome.SKIPPED
    assert "asked" not in card.marks["1.6-padding"].message


@pytest.mark.parametrize("seed", [0, 7])
def test_marks_are_the_same_whether_cases_are_secret(grade, reference, seed) -> None:
    files = mistaken(reference, "Conv2d cuts the padding off at the lower right end only")
    cards = [grade(files, todos=("1.6", "1.9", "1.5", "1.8"), seed=one) for one in (0, seed)]
    assert [(mark.cents, mark.outcome) for mark in cards[0].marks.values()] == [
        (mark.cents, mark.outcome) for mark in cards[1].marks.values()
    ]


BODIES = {
    "returns nothing": "return None",
    "returns its argument": "return {argument}",
    "returns two zeros": "return 0.0, 0.0",
    "refuses everything": 'raise ValueError("no")',
}


@pytest.mark.parametrize("part", [1, pytest.param(2, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_code_that_does_nothing_earns_no_more_when_blocked_checks_are_asked(grade, reference, part, body) -> None:
    files = dict(skeleton.generate(COURSE))
    for name in reference:
        if name.startswith(f"{COURSE.parts[part].folder}/") and name.endswith(".py"):
            files[name] = _hollow(files[name].decode(), body).encode()
    passed = []
    for blocked in ("lose", "ask"):
        card = grade(files, part=part, blocked=blocked)
        passed.append([mark.check for mark in card.marks.values() if mark.outcome is Outcome.PASSED])
    assert passed[0] == passed[1]


def _hollow(source: str, body: str) -> str:
    """A skeleton whose open functions do something useless."""
    lines, argument = [], "None"
    for line in source.splitlines():
        if found := re.match(r"\s+def \w+\(self, (\w+)|\s*def \w+\((?!self)(\w+)", line):
            argument = found[1] or found[2]
        made = re.sub(r"raise NotImplementedError\(.*\)", body.format(argument=argument), line)
        lines.append(made)
    return "\n".join(lines) + "\n"


# A trivial failure and a real one: the real one is read all the same.

SINGLE = """

def _single(value):
    if isinstance(value, tuple):
        return tuple(map(_single, value))
    if hasattr(value, "backward"):
        return value.float()
    return value.astype("float32") if isinstance(value, np.ndarray) and value.dtype == "float64" else value


def _wrapped(function):
    return lambda *args, **kwargs: _single(function(*args, **kwargs))


for _name, _thing in list(globals().items()):
    if getattr(_thing, "__module__", "") == __name__ and not _name.startswith("_"):
        if isinstance(_thing, type) and "forward" in vars(_thing):
            _thing.forward = _wrapped(_thing.forward)
        elif not isinstance(_thing, type):
            globals()[_name] = _wrapped(_thing)
"""
REAL = {}  # by TODO, the first mistake that a suspect names
for _one in catalogue.load(COURSE):
    if _one.named and _one.function and _one.loses and not _one.file.startswith("part2"):
        REAL.setdefault(_one.loses[0].partition("-")[0], _one)
FEW = ("1.3", "1.6", "1.7", "3.3")


@pytest.mark.parametrize(
    "todo", [pytest.param(todo, marks=[] if todo in FEW else [pytest.mark.slow]) for todo in sorted(REAL)]
)
def test_a_wrong_dtype_hides_no_real_defect(grade, reference, todo) -> None:
    real = REAL[todo]
    files = real.apply(reference)
    files = {**files, real.file: files[real.file] + SINGLE.encode()}
    read = [f"{mark.message}\n{mark.finding.suspect}" for mark in grade(files, part=int(todo[0])).marks.values()]
    assert any(real.says in text for text in read)


@pytest.mark.parametrize(("still_open", "says"), [("Tanh", "Sigmoid"), ("Sigmoid", "Tanh")])
def test_one_open_activation_hides_no_defect_of_another(grade, reference, still_open, says) -> None:
    wrong = f"\n\n_forward = {says}.forward\n{says}.forward = lambda self, x: _forward(self, np.clip(x, -9, 9))\n"
    wrong += f"\n\ndef _open(self, x):\n    raise NotImplementedError('TODO 1.3: {still_open}.forward')\n"
    wrong += f"\n\n{still_open}.forward = _open\n"
    file = "part1_numpy/activations.py"
    card = grade({**reference, file: reference[file] + wrong.encode()}, todos=("1.3",))
    assert f" of {says} is " in card.marks["1.3-extremes"].message


def test_weights_of_none_hide_no_defect_of_given_ones(grade, reference) -> None:
    real = next(one for one in catalogue.load(COURSE) if one.name == "the weights are kept and not used")
    files = real.apply(reference)
    source = files[FOCAL].decode() + (
        "\n\n_init = FocalLoss.__init__\n\n\ndef _strict(self, weight=None, gamma=0.0):\n"
        "    _init(self, torch.as_tensor(weight), gamma)\n\n\nFocalLoss.__init__ = _strict\n"
    )
    card = grade({**files, FOCAL: source.encode()}, todos=("3.3",))
    assert card.marks["3.3-cross-entropy"].outcome is Outcome.RAISED
    assert any(real.says in f"{mark.message}\n{mark.finding.suspect}" for mark in card.marks.values())
