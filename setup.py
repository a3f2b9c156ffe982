"""What pyproject.toml cannot say: a wheel takes along what lies beside the package, as `autograder/project`.

There and not at the top of site-packages, which is everybody's. An editable install finds it where it is.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

BESIDE = ("pyproject.toml", "requirements.lock", "README.md", "LICENSE")
RUBBISH = shutil.ignore_patterns("__pycache__", "*.py[cod]", ".*_cache", ".ipynb_checkpoints", ".DS_Store")


class BuildWithCourses(build_py):
    """Copies the modules, and then the courses and the files that a handout needs."""

    def run(self) -> None:
        """Build into a folder that holds nothing of an earlier build."""
        if self.editable_mode:
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        project = Path(self.build_lib, "autograder", "project")
        shutil.copytree("courses", project / "courses", ignore=RUBBISH)
        for name in BESIDE:
            shutil.copy(name, project)


setup(cmdclass={"build_py": BuildWithCourses})
