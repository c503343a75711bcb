"""X-ray images: the physics that makes them and the network that looks at them."""
