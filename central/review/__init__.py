"""What waits for a person: held items and referred travellers, and what was decided."""
