"""Where central is, as a lane's configuration says it."""

from __future__ import annotations

from pydantic import Field

from broker.settings import BrokerSettings
from settings.addresses import BrokerUrl, WebUrl


class UplinkSettings(BrokerSettings):
    """The broker, who we are to it, and where pictures go. Unknown keys are refused."""

    broker: BrokerUrl = "mqtt://127.0.0.1:1883"
    blobs: WebUrl | None = Field(default=None, description="central's web address")

    @property
    def address(self) -> str:
        """The broker's address."""
        return self.broker
