"""A gate without metal: leaves, people, and a controller on Modbus."""
