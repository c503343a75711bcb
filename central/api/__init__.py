"""Central's doors: for the console, for the lanes' pictures, for those who watch the service."""
