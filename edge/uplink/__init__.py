"""How what happened reaches central once in effect, and how commands come back."""
