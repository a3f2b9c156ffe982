"""`python -m autograder`, for machines without make."""

from autograder.cli import main

if __name__ == "__main__":
    main()
