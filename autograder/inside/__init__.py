"""All of our code that enters the box: it holds no answers, and it may be read by whoever is graded.

Standard library, NumPy and torch only; nothing here imports the rest of the autograder.
"""
