"""The reference's VanillaCNN in this handout's place."""

from part2_pytorch.models import VanillaCNN

__all__ = ["VanillaCNN"]
