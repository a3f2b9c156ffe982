import numpy as np

from autograder.checking.expect import expect_close
from autograder.checking.rubric import Exam, check
from autograder.checking.student import Student

from ..oracles.filters import smoothed, sums


@check("1.1-smooth")
def smooth_takes_means(student: Student, rng: np.random.Generator) -> None:
    """The result of smooth is the mean of each value and the next.

    A signal of L values has L - 1 pairs of neighbours.
    """
    x = rng.normal(size=9)
    suspects = {"the sum takes the place of the mean": lambda: sums(x)}
    expect_close(student.call("signals.filters:smooth", x), smoothed(x), "y", suspects=suspects)


@check("1.2-net", exam=True)
def net_has_learned(student: Student, rng: np.random.Generator, exam: Exam) -> None:
    """checkpoints/net.pt gives Net more than the threshold on the test images."""
    exam.expect_above(student, rng, "net", tier="net")
