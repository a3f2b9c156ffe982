"""Who may have copied from whom: code, files and weights that agree beyond the handout; for staff only."""
