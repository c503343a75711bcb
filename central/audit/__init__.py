"""Who did what: a chain that shows when somebody changed it."""
