"""What the checks of a part catch: mutants, margins between right and wrong values, other machines, lines named."""
