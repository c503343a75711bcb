"""What leaves the scanner and comes in from elsewhere: DICOS, N42, UFF, sealed evidence."""
