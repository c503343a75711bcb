"""Who may sign in, how, and for how long. No user and no password is made by itself."""
