"""What can stop the service, named by what the person at the keyboard should do about it."""


class CentralError(Exception):
    """Any failure to start or to serve that a person can mend. The text says how."""


class ConfigError(CentralError):
    """The configuration cannot be used: mend the file and start again."""


class InUse(CentralError):
    """Somebody else holds the port or the data folder: stop them, or choose another."""


class StoreError(CentralError):
    """The database is not at the version this software needs: migrate it."""
