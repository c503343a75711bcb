"""A line detector without scintillators."""
