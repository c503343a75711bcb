"""A camera without a lens: pictures from the world, with a sensor's noise, over HTTP."""
