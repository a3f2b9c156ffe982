"""Expected values of what this handout alone accepts."""
