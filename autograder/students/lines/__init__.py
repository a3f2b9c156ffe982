"""On which line a check fails: found by changing the student's own code, one small thing at a time."""
