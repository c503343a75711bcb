"""The lanes: enrolment, presence, health, and the commands sent to them."""
