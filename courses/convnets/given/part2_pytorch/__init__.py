"""Part 2: data, models and a training loop in PyTorch.

Yours to fill in: `models.py` (TODO 2.1, 2.2, 2.6) and `train.py` (TODO 2.3, 2.4, 2.5).
Given: `data.py`, `images.py` and `shapes.py` (data sets), `config.py` and `configs/` (one configuration a model),
`muon.py` (an optimizer), `checkpoint.py` (files of a run), `device.py` and `__main__.py` (what `make train` starts).
"""
