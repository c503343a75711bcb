"""What can go wrong between central and the broker."""


class BrokerLost(Exception):
    """The connection could not be made, or ended: connect again."""


class NotSent(Exception):
    """The broker has not taken a command: it was not sent, ask the operator to try again."""
