"""A radiation portal without scintillators."""
