"""How events become rows once in effect, and how commands leave."""
