"""A line detector: one row of pixels, read out thousands of times a minute while goods pass."""
