"""Recognising how a page was printed: security print and typeface, patch by patch."""
