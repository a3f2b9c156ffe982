"""What `run_autograder` starts with gradescope-utils: it finds the tests, runs them, and writes results.json."""

import unittest

from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

if __name__ == "__main__":
    suite = unittest.defaultTestLoader.discover("tests")
    with open("results.json", "w", encoding="utf-8") as file:
        JSONTestRunner(visibility="visible", stream=file).run(suite)
