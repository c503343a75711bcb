"""What an item is made of, from two energies: wedges, table, maps, and pictures to look at."""
