"""The other end of every cable, the people and goods that pass, and the world they live in."""
