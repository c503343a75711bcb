"""The recipes that made our networks, one seeded command each. Torch lives here only."""
