"""What is measured of this homework: its layers, and one of its checks as other tools grade it."""

from __future__ import annotations

from collections.abc import Callable

from autograder.bench.figures import Figure

from . import layers, rivals

MEASURES: dict[str, Callable[[], dict[str, Figure]]] = {"rivals": rivals.measure, "layers": layers.measure}
