"""An X-ray generator on a serial line."""
