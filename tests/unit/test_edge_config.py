from pathlib import Path

import pytest

from edge.config import EGateConfig, ScannerConfig, read
from settings.files import ConfigError
from tests.unit.lane_texts import EGATE, KEY, SCANNER


def written(folder: Path, text: str) -> Path:
    path = folder / "lane.toml"
    path.write_text(text)
    return path


def test_a_lane_is_what_its_kind_says(tmp_path: Path) -> None:
    gate = read(written(tmp_path, EGATE))
    assert isinstance(gate, EGateConfig)
    assert gate.data == tmp_path / "egate-01"
    assert gate.hardware == "real"
    scanner = read(written(tmp_path, SCANNER))
    assert isinstance(scanner, ScannerConfig)
    assert scanner.data == Path("/var/lib/border/scanner-01")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            ('url = "/dev/ttyS1"', 'urll = "/dev/ttyS1"'),
            r"lane.toml:\d+: devices.gate.urll: unknown key; did you mean 'url'",
        ),
        (('kind = "egate"', 'kind = "egat"'), r"lane.toml"),
        (('unit = "egate-01"', 'unit = "E 1"'), r"lane.toml:2: unit: String should match"),
        (
            ('dialect = "lines"', 'dialect = "xml"'),
            r"lane.toml:\d+: devices.document_reader.dialect: .*'framed', 'framed-lrc' or 'lines'",
        ),
        ((KEY, "AAAA"), r"lane.toml:9: central.key: not an Ed25519 public key"),
        (
            ("mqtt://127.0.0.1:1883", "localhost"),
            r"lane.toml:7: central.broker: 'localhost' is not a broker",
        ),
        (('site = "demo"\n', ""), r"lane.toml: site: this key is needed"),
        (("[central]", "[central"), r"lane.toml: not TOML: .*line 6"),
        (("[devices.gate]", "[devices.gates]"), r"devices.gates: unknown key; did you mean 'gate'"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read(written(tmp_path, EGATE.replace(*change)))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .*give the path of a file"):
        read(tmp_path / "none.toml")


DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.mark.parametrize("name", ["egate.toml", "scanner.toml"])
def test_the_files_to_start_from_can_be_read(tmp_path: Path, name: str) -> None:
    text = (DEPLOY / name).read_text()
    assert "REPLACE" in text
    start = text.index('key = "REPLACE')
    end = text.index("\n", start)
    lane = read(written(tmp_path, text[:start] + f'key = "{KEY}"' + text[end:]))
    assert lane.kind == name.removesuffix(".toml")
