"""The box seen from the trusted side: start it, set deadlines, kill it, and say what it is made of.

Protects against: student code that reads answers, leaves its box, outlives its check, or takes more than its share.
Does not protect against: bugs of the kernel, and what one visible verdict a check lets a student learn.
"""
