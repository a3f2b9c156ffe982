"""What people read: Gradescope's results.json, a page, and a table in the terminal.

Reports know scores only. They hold text that students wrote, and clean all of it again in `words.clean`, although the
engine has done so: a page is where an oversight would be seen.
"""
