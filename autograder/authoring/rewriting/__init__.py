"""Right variants of a solution, made by rewriting its syntax tree."""
