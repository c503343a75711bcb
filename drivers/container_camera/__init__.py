"""A camera that reads the numbers of containers."""
