"""Faces: found, judged, told from presentation attacks, compared one to one."""
