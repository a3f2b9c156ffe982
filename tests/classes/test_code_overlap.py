"""Code that two have and hardly anybody else is found, whatever hides it; what everyone has is not."""

from __future__ import annotations

import time

import make_copies
import pytest
from make_copies import COPIES, Files

from autograder.classroom.copies import code_overlap, winnowing

HANDOUT = '''
def helper(values, number):
    """Given."""
    found = [one for one in values if one.size > number and one.shape[0] == 3]
    return sorted(found, key=lambda one: one.mean(), reverse=True)[: number + 1]
'''
WORK = """
def pool(x, kernel, stride):
    best = np.full((x.shape[0], x.shape[1], 4, 4), -np.inf)
    for i in range(kernel):
        for j in range(kernel):
            part = x[:, :, i : i + 4 * stride : stride, j : j + 4 * stride : stride]
            best = np.where(part > best, part, best)  # the largest so far
    return best.reshape(len(x), -1) / 2
"""
HIDDEN = """
def again(image, size,
          step):
  '''Mine.'''
  top = (np.full((image.shape[0], image.shape[1], 4, 4,), -np.inf))
  # over all places
  for a in range(size):
    for b in range(size):
      piece = image[:, :, a:a+4*step:step, b:b+4*step:step]
      top = np.where(piece > top, piece, top)
  return top.reshape(len(image), -1) / 2
"""


def test_names_layout_and_comments_do_not_count() -> None:
    first, second = (winnowing.tokens(text) for text in (WORK, HIDDEN))
    assert first.values.tolist() == second.values.tolist()
    assert first.lines[0] == 2


@pytest.mark.parametrize(
    "text", ["", "'", '"""', "x = '''a", "def f(:\n\t!?$", "\0\ud800", "f'{x!r:>{y}}'", "\\\n" * 99]
)
def test_whatever_is_no_python_has_tokens_too(text) -> None:
    winnowing.tokens(text)
    assert code_overlap.find({"a": {"x.py": text}, "b": {"y.py": text}}, []) == []


def test_a_text_that_never_ends_takes_no_longer_than_others() -> None:
    began = time.process_time()
    for text in ("'" * 400_000, '"""' + "\\" * 400_000, "a" * 400_000, "#" * 400_000, "0x" * 200_000):
        winnowing.tokens(text)
    assert time.process_time() - began < 5


def test_what_everyone_got_is_not_found() -> None:
    (found,) = code_overlap.find({"ada": {"a.py": HANDOUT + WORK}, "bell": {"b.py": HIDDEN + HANDOUT}}, [HANDOUT])
    (passage,) = found.passages
    assert (passage.first, passage.second) == (("a.py", 7, 13), ("b.py", 2, 11))
    assert code_overlap.find({"ada": {"a.py": HANDOUT}, "bell": {"b.py": HANDOUT}}, [HANDOUT]) == []


def test_what_many_have_says_little() -> None:
    def weight(many: int) -> float:
        return code_overlap.find({str(one): {"a.py": WORK} for one in range(many)}, [])[0].weight

    assert weight(2) == pytest.approx(4 * weight(5))
    assert code_overlap.find({str(one): {"a.py": WORK} for one in range(code_overlap.COMMON + 1)}, []) == []


def _scores(own: int, copies: int, start: int) -> tuple[float, set[tuple[str, str]]]:
    """F1 of the pairs that are unusual in a class, and those that were missed."""
    students: dict[str, Files] = {f"own-{n}": make_copies.independent(start + n) for n in range(own)}
    planted = set()
    for n in range(copies):
        students[f"copy-{n}"] = make_copies.copied(students[f"own-{n}"], COPIES[n % len(COPIES)], start + n)
        planted.add((f"own-{n}", f"copy-{n}"))
    handout = [text.decode() for name, text in make_copies.handout().items() if name.endswith(".py")]
    found = code_overlap.unusual(code_overlap.find(students, handout), len(students))
    pairs = {(one.first, one.second) for one in found}
    right = len(pairs & planted)
    return 2 * right / (len(pairs) + len(planted)), planted - pairs


def test_copies_of_every_kind_are_found_in_a_small_class_and_nothing_else() -> None:
    assert _scores(12, 5, 0) == (1.0, set())


def test_a_function_counts_by_how_few_write_it_so_and_a_short_or_common_one_does_not() -> None:
    def handed_in(one: int) -> Files:
        """Thirty lines of their own, thirty that all have, and a short function."""
        own = "\n".join(
            f"    x{n} = {(one + 7) ** 3 % (n + 2)} {'+-*@'[(one * n) % 4]} a[{one + n}]" for n in range(30)
        )
        usual = "\n".join(f"    y[{n}] = b.mean({n})" for n in range(30))
        return {"a.py": f"def own(a):\n{own}\ndef usual(b):\n{usual}\ndef short(c):\n    return c.sum({one}) * c.T\n"}

    students = {f"own-{one}": handed_in(one) for one in range(20)}
    assert not [one for one in code_overlap.find(students, []) if one.function]
    theirs, mine = students["own-3"]["a.py"], students["own-4"]["a.py"]
    whole = theirs.partition("def usual")[0].replace("x1 ", "mine ")
    copies = {"copy": {"a.py": whole + "def usual" + mine.partition("def usual")[2]}}
    (found,) = [one for one in code_overlap.find(students | copies, []) if one.whole > code_overlap.LEAST_FUNCTION]
    assert (found.first, found.second, found.pieces[0].second) == ("own-3", "copy", ("a.py", 1, 31))
    copies = {"copy": {"a.py": mine.partition("def short")[0] + "def short" + theirs.partition("def short")[2]}}
    pairs = [one for one in code_overlap.find(students | copies, []) if (one.first, one.second) == ("own-3", "copy")]
    assert [0 < one.whole < code_overlap.LEAST_FUNCTION for one in pairs] == [True]


@pytest.mark.slow
def test_forty_pairs_are_found_in_a_class_of_two_hundred() -> None:
    score, missed = _scores(160, 40, 0)
    assert score >= 0.95, missed
