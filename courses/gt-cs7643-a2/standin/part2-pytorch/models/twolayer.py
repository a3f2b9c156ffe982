"""The reference's TwoLayerNet in this handout's place."""

from part2_pytorch.models import TwoLayerNet

__all__ = ["TwoLayerNet"]
