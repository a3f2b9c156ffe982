"""What a slip of the hand makes of a right solution, told in words: so a student who made it reads what it was."""
