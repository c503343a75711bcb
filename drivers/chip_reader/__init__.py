"""Card readers: a PC/SC reader on the desk, or a virtual one at the end of a socket."""
