"""Speaking with the chip of a travel document: what to say, in which order, under which keys."""
