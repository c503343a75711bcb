"""How a configuration file is read: the lowest floor, shared by edge and central."""
