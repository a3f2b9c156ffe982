"""What explains a wrong value: where it differs from the right one, and which known mistake or formula gives it."""
