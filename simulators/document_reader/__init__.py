"""A document reader without glass."""
