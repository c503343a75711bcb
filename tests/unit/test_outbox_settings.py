from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from edge.uplink.settings import UplinkSettings


def test_loopback_and_mqtt_5_unless_said_otherwise() -> None:
    settings = UplinkSettings()
    assert (settings.host, settings.port, settings.tls) == ("127.0.0.1", 1883, False)
    assert (settings.protocol, settings.password()) == ("5", None)


def test_tls_has_its_own_port() -> None:
    settings = UplinkSettings(broker="mqtts://broker.example")
    assert (settings.host, settings.port, settings.tls) == ("broker.example", 8883, True)


def test_the_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret \nnot this\n")
    assert UplinkSettings(username="egate-07", password_file=file).password() == "s3cret"


BAD: dict[str, dict[str, Any]] = {
    "brokr": {"brokr": "mqtt://x"},
    "is not a broker": {"broker": "http://127.0.0.1"},
    "go together": {"certificate": Path("c.pem")},
    "is not a web address": {"blobs": "ftp://127.0.0.1"},
    "protocol": {"protocol": "3.1"},
}


@pytest.mark.parametrize("words", BAD)
def test_what_cannot_be_dialled_is_refused_by_name(words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        UplinkSettings.model_validate(BAD[words])


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        UplinkSettings().protocol = "3.1.1"  # type: ignore[misc]
