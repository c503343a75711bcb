"""A bar code reader made of arithmetic."""
