"""How a gate looks at a traveller's face: which picture is taken, and what is checked on it."""
