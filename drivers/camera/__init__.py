"""A camera: frames with a number and a time, and the knowledge that they are alive."""
