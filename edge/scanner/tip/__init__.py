"""Threat image projection: threats that were never in the beam, shown to keep people awake."""
