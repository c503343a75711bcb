"""A PC/SC reader, through pyscard (the optional extra ``pcsc``)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from drivers.errors import LinkLost, NoAnswer


def open_pcsc(url: str, card_within: float) -> PcscReader:
    """Open the reader that ``pcsc:`` (the first) or ``pcsc://NAME`` (part of its name) means.

    Waits ``card_within`` seconds for a card. Raises LinkLost where pyscard, its service or the
    reader is missing, NoAnswer where no card was laid down.
    """
    name = unquote(url.removeprefix("pcsc:").lstrip("/"))
    reader = _chosen(_readers(), name)
    from smartcard.CardRequest import CardRequest
    from smartcard.Exceptions import CardRequestTimeoutException

    try:
        service = CardRequest(timeout=card_within, readers=[reader]).waitforcard()
    except CardRequestTimeoutException as error:
        raise NoAnswer(f"no card on {reader} within {card_within} s") from error
    return PcscReader(service.connection, str(reader))


def _readers() -> list[Any]:
    try:
        from smartcard.System import readers
    except ImportError as error:
        raise LinkLost("PC/SC needs pyscard: install smart-border[pcsc]") from error
    from smartcard.Exceptions import SmartcardException

    try:
        return list(readers())
    except SmartcardException as error:
        raise LinkLost(f"the PC/SC service does not answer: {error}; is pcscd running?") from error


def _chosen(found: list[Any], name: str) -> Any:  # noqa: ANN401 pyscard has no types
    for reader in found:
        if name.lower() in str(reader).lower():
            return reader
    names = ", ".join(str(reader) for reader in found) or "none"
    raise LinkLost(f"no PC/SC reader named {name!r}; there are: {names}")


class PcscReader:
    """One PC/SC reader with one card."""

    def __init__(self, connection: Any, name: str) -> None:  # noqa: ANN401 pyscard has no types
        self._connection, self._name = connection, name

    def power_on(self) -> bytes:
        """Switch the card on and return its answer to reset."""
        from smartcard.Exceptions import NoCardException, SmartcardException

        try:
            self._connection.connect()
            return bytes(self._connection.getATR())
        except NoCardException as error:
            raise NoAnswer(f"no card on {self._name}") from error
        except SmartcardException as error:
            raise LinkLost(f"the card on {self._name} does not start: {error}") from error

    def transmit(self, apdu: bytes) -> bytes:
        """Return the card's response to ``apdu``."""
        from smartcard.Exceptions import SmartcardException

        try:
            data, sw1, sw2 = self._connection.transmit(list(apdu))
        except SmartcardException as error:
            raise LinkLost(f"the card on {self._name} went away: {error}") from error
        return bytes([*data, sw1, sw2])

    def close(self) -> None:
        """Switch the card off and let go of the reader."""
        self._connection.disconnect()
