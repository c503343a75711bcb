"""What an item is held against besides threats: its own empty self, its papers, others like it."""
