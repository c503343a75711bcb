"""A PN532 contactless front end on a serial line."""
