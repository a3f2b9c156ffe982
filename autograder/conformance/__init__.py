"""Does it hold here? Attacks by class, each with a control that breaches when its defence is off, for any machine.

The rows are data (`*.toml`, `zips.py`, `checkpoints.py`, `neighbours.py`); the project's own tests read them from here.
"""
