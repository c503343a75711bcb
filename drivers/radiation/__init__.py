"""A radiation portal that vehicles or goods pass."""
