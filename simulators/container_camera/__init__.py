"""A container number camera made of arithmetic."""
