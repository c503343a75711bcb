"""A reader that says the machine readable zone of the document lying on it."""
