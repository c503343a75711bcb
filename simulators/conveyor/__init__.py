"""A conveyor without rollers."""
