"""The officer's badge reader: OSDP with secure channel, the control panel's side."""
