"""What a lane keeps of its items as evidence: sealed bundles on its own disk."""
