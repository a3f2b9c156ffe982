"""Checks of what this handout alone asks for: see adapter.toml for all others."""
