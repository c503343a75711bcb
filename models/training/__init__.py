"""The recipes that made our networks: one command each, seeded, with their evaluation. Torch lives here only."""
