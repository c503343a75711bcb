"""The chip in a travel document: its files, its manners and its faults."""
