"""The lists that central publishes to its lanes: policy, watchlist, trust."""
