"""A class: its submissions, who grades them, what is kept of each, and the gradebook."""
