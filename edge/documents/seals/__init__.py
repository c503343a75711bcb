"""Digital seals on documents without a chip: VDS and VDS-NC."""
