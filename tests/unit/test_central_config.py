from pathlib import Path

import pytest

from central.config import load, parse
from central.errors import ConfigError

FILE = Path("/etc/border/central.toml")


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse(text, FILE)
    return str(error.value)


def test_an_empty_file_is_a_service_on_loopback() -> None:
    config = parse("", FILE)
    assert (config.host, config.port) == ("127.0.0.1", 8080)
    assert config.data == Path("/etc/border/central-data")
    assert config.database_url == "sqlite+aiosqlite:////etc/border/central-data/central.db"
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.tls) == ("127.0.0.1", 1883, False)
    assert not config.https


def test_a_whole_file() -> None:
    text = """
        listen = "0.0.0.0:443"
        data = "/var/lib/border"
        database = "postgresql://border@db/central"
        signing_key = "keys/central.pem"
        [tls]
        certificate = "cert.pem"
        key = "key.pem"
        [mqtt]
        url = "mqtts://broker"
        username = "central"
        protocol = "3.1.1"
        [blobs]
        largest = 1000
        [retention]
        passages_days = 7
    """
    config = parse(text, FILE)
    assert config.database_url == "postgresql+asyncpg://border@db/central"
    assert config.signing_key == Path("/etc/border/keys/central.pem")
    assert config.https
    assert (config.mqtt.host, config.mqtt.port, config.mqtt.tls) == ("broker", 8883, True)
    assert config.retention.passages_days == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('data = "x"\nlisten = 8080', ":2: listen: Input should be a valid string"),
        ('listen = "8080"', ":1: listen: '8080' is not HOST:PORT"),
        ('listen = "127.0.0.1:http"', ":1: listen: '127.0.0.1:http' is not HOST:PORT"),
        ('listen = "127.0.0.1:99999"', ":1: listen: '127.0.0.1:99999' is not HOST:PORT"),
        ('\n\nlisen = "x"', ":3: lisen: unknown key; did you mean 'listen'?"),
        ('[mqtt]\nurl = "x"', ":2: mqtt.url: 'x' is not a broker; write for example"),
        ('[mqtt]\nuser = "x"', ":2: mqtt.user: unknown key; did you mean 'username'?"),
        ('[mqtt]\nprotocol = "4"', ":2: mqtt.protocol: Input should be '5' or '3.1.1'"),
        ("[colours]\nred = 1", ":1: colours: unknown key; known keys: "),
        ('[tls]\nkey = "k.pem"', ": tls.certificate: this key is needed"),
        ("[blobs]\nlargest = 0", ":2: blobs.largest: Input should be greater than or equal to 1"),
        ('database = "mysql://x"', ":1: database: 'mysql' is not a database we speak"),
        ('listen = "0.0.0.0:80"', "can be reached from other machines without TLS"),
        ('listen = "border.example:80"', "or behind_tls_proxy = true"),
        ("listen =", ": not TOML: "),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_remedy(text: str, says: str) -> None:
    found = complaint(text)
    assert found.startswith(str(FILE))
    assert says in found


def test_every_mistake_is_named_at_once() -> None:
    assert len(complaint('lisen = "x"\n[mqtt]\nurl = "x"\n[blobs]\nlargest = -1').splitlines()) == 3


@pytest.mark.parametrize("extra", ["behind_tls_proxy = true", '[tls]\ncertificate="c"\nkey="k"'])
def test_other_addresses_are_for_those_who_speak_tls(extra: str) -> None:
    assert parse(f'listen = "0.0.0.0:443"\n{extra}', FILE).https


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_loopback_has_several_names(host: str) -> None:
    assert parse(f'listen = "{host}:0"', FILE).port == 0


def test_a_database_password_is_in_no_complaint_and_in_no_print() -> None:
    config = parse('database = "postgresql://border:s3cret@db/x"', FILE)
    assert "s3cret" not in repr(config)
    assert "s3cret" in config.database_url
    assert "s3cret" not in complaint('database = "mysql://border:s3cret@db/x"')


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        load(tmp_path / "none.toml")


def test_the_broker_s_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    path.write_text('[mqtt]\npassword_file = "secret"\n')
    with pytest.raises(ConfigError, match=r"mqtt\.password_file: cannot read .*secret"):
        load(path).mqtt.password()
    (tmp_path / "secret").write_text("pass word\nmore\n")
    assert load(path).mqtt.password() == "pass word"
    assert load(path).metrics_token() is None
