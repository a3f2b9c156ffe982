"""Part 3: learning from classes of which some have many images and some have few.

Work in this order; every file opens with the shapes and the ideas that its tasks need.

    3.1   data.py      how many images each class keeps, and which
    3.2   losses.py    weights of the classes, from the effective number of their images
    3.3   losses.py    FocalLoss
    3.4   losses.py    class-balanced focal loss, logit-adjusted loss
    3.5   sampling.py  batches in which all classes are equally frequent
    3.6   metrics.py   confusion matrix, accuracy per class, balanced accuracy

Given: experiment.py (trains with each of these methods), plan.py and `configs/` (what is compared, and how long),
resnet.py (a network for those with a GPU), summary.py and figures.py (tables and figures in `report/results/`), and
`__main__.py`, which starts it all:

    python -m part3_imbalance experiment

Rules that hold everywhere:
    - Labels are whole numbers 0 .. C - 1. A class may be missing: from a batch, a test set, or the training data.
    - Nothing that is passed in is changed.
    - What is random comes from the generator that is passed in, so that a run can be repeated.
"""
