"""Pictures on disk: content-addressed, resumable, believed only when hash and seal hold."""
