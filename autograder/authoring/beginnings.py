"""What a new TODO and a new course begin with: texts that work at once, for an author to write over.

Words in capitals between `@` stand for names; the solution is right, the checks pass it, and each mistake loses a
check and is named to whoever makes it.
"""

from __future__ import annotations

from collections.abc import Mapping

FUNCTION = {
    "reference/@PART@/@FILE@.py": '''"""@TITLE@.

Axes in the shapes below:
    N vectors   D numbers of each
"""

import numpy as np


def @NAME@(x: np.ndarray) -> np.ndarray:
    """(N, D) -> (N,): the mean of the squares of each row."""
    # TODO @TODO@: no loop is needed.
    #   1. the square of each number      (N, D)
    #   2. their mean over a row          (N,)
    # >>> solution
    return (x**2).mean(axis=1)
    # <<< solution
''',
    "checks/@FILE@.py": '''"""@TODO@: @TITLE@."""

from autograder.checking.declare import function

function(
    "@TODO@",
    "@PART@.@FILE@:@NAME@",
    "(x ** 2).mean(1)",  # what is right, in PyTorch: cases, checks and suspects follow from it
    inputs={"x": "N D"},
)
''',
    "mistakes/@FILE@.toml": """[[mistake]]
name = "@NAME@ adds the squares without dividing"
file = "@PART@/@FILE@.py"
replace = ".mean(axis=1)"
by = ".sum(axis=1)"
loses = ["@TODO@-values"]
says = "it is multiplied by D"  # of the sentence that a student reads

[[mistake]]
name = "@NAME@ squares x where it is"
file = "@PART@/@FILE@.py"
function = "@NAME@"
body = '''
x *= x
return x.mean(axis=1)
'''
loses = ["@TODO@-inputs"]
says = "x was changed by the call"
""",
}
PACKAGE = {"given/@PART@/__init__.py": '"""@TITLE@: what has a TODO is to be written."""\n'}
COURSE = {
    "course.toml": """# What this course is made of. Points, dates and limits are in assignment.toml.

[parts.1]
folder = "@PART@"      # the package that students write
libraries = "numpy"   # what the box has beside the standard library; "torch" for both
""",
    "assignment.toml": """# What an instructor edits. `autograder author --fast` says whether it is consistent.

title = "@TITLE@"
due = @DUE@
grace = @DUE@          # no penalty until then; afterwards late_per_day
late_per_day = 1.0    # share of the points lost with each day begun after grace; 1.0: nothing counts
dataset = "shapes"

[report]
points = 0

[parts.1]
title = "@TITLE@"
points = @POINTS@
todos = { "@TODO@" = @POINTS@ }
""",
    "handout/README.md": """# {{ title }}

Each TODO is a comment in the file, with the shapes after each step; the docstrings say what is to be done.

{{ summary }}

    python -m pip install --constraint requirements.lock --editable .
    python -m autograder test                    # every check on your code, with a score table at the end
    python -m autograder test --todo {{ todos[0] }}
    python -m autograder submit                  # looks at your files as the grader will, and writes submission.zip

**Yours** is every function with a TODO, and further files beside it. Files without a TODO are given, and
replaced by the original at grading. **Hand in** `submission.zip`.
""",
    "handout/gitignore": "__pycache__/\n*.egg-info/\n.venv/\nsubmission.zip\n",
    ".gitignore": "__pycache__/\nbuild/\ndist/\nsecret.key\n",
}


def fill(texts: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Put names in their places, in the names of files too."""
    found = {}
    for path, text in texts.items():
        for word, name in names.items():
            path, text = path.replace(f"@{word}@", name), text.replace(f"@{word}@", name)
        found[path] = text
    return found
