"""Travel documents: what is printed, what the chip holds, and whether to believe it."""
