"""Page image → the lines of its machine readable zone."""
