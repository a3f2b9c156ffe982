"""What follows from a declaration: drawn cases, the counterpart, checks, suspects."""
