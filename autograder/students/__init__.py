"""What students run: `test`, `submit` and `report`."""
