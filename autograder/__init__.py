"""An autograder for homework in deep learning: what grades any course; courses are folders of their own."""

import os

# Before NumPy is imported: the arrays of the checks are small, and OpenBLAS's second thread would spin between them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
