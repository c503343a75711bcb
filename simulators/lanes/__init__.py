"""Whole lanes made of simulated devices, and those who pass them."""
