"""How what happened on the lane reaches central exactly once in effect, and how commands come back."""
