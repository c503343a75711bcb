"""A PN532 with an antenna on which simulated chips can be laid."""
