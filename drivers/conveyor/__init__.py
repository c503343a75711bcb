"""The conveyor through the scanner, and the interlock chain around its beam."""
