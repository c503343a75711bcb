"""The lists that central publishes to its lanes: policy and watchlist."""
