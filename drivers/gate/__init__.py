"""The gate: two leaves, what stands between them, and the controller that moves them."""
