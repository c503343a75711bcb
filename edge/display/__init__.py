"""The traveller's screen, served by the agent of its lane."""
