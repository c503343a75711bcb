"""A whole border on one machine: broker, central, two lanes, and those who pass."""
