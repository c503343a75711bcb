"""A badge reader with OSDP secure channel, the peripheral's side."""
