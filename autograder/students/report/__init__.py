"""The written report: how it is marked, and what `make report` makes of the student's text and results."""
