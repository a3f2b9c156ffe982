"""`python -m autograder`, for machines without make, and `autograder`: whatever is missing is said in one sentence."""

from autograder.students.environment import complaint, stop


def main() -> None:
    """Run the command line, if it can run here."""
    sentence = complaint()
    if sentence:
        stop(sentence)
    from autograder.cli import main as run

    run()


if __name__ == "__main__":
    main()
