"""Optical checks of a travel document: the page under white, infrared and ultraviolet light."""
