"""Checks of what this handout alone asks for, or leaves open: see adapter.toml for all others."""
