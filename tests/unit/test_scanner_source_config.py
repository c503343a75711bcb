"""The generator's settings: its scale against a generator that has it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.xray_source.source import FilamentOrder, Scale
from drivers.xray_source.warm_up import TABLE
from edge.scanner.config import ScannerConfig
from edge.scanner.devices import _source
from edge.scanner.source_config import XRaySourceDevice
from settings.files import ConfigError, parse
from simulators.serve import on_tcp
from simulators.xray_source.device import FakeXraySource
from tests.unit.lane_texts import SCANNER

SMALL, LARGE = Scale(), Scale(kv=225.0, ma=10.0, amperes=6.0)
FILE = Path("lane.toml")


def read(source: str = "", rest: str = "", head: str = "") -> ScannerConfig:
    """Return a scanner's configuration with more in its generator's section, below and above."""
    text = SCANNER.replace('"/dev/ttyS2"\n', f'"/dev/ttyS2"\n{source}\n')
    return parse(f"{head}\n{text}\n{rest}", FILE, ScannerConfig)


def opened(scale: Scale, order: FilamentOrder = FilamentOrder.LIMIT_FIRST, **how: Any) -> Any:
    """Return the tube of a generator of ``scale`` when a lane with such settings has opened it."""
    device = FakeXraySource(scale=scale, filament=order)
    with on_tcp(device, clock=None) as address:
        source = _source(XRaySourceDevice(url=address, **how))()
        source.close()
    return device.tube


@pytest.mark.parametrize("scale", [SMALL, LARGE])
def test_each_scale_gets_what_was_asked_for(scale: Scale) -> None:
    how = {"full_scale_kv": scale.kv, "full_scale_ma": scale.ma}
    tube = opened(scale, **how)
    assert tube.kv_set == pytest.approx(160.0, abs=scale.kv / 4095)
    assert tube.ma_set == pytest.approx(1.0, abs=scale.ma / 4095)


def test_a_larger_generator_can_be_used_up_to_its_scale() -> None:
    tube = opened(LARGE, kilovolts=225, milliamperes=10, full_scale_kv=225, full_scale_ma=10)
    assert (tube.kv_set, tube.ma_set) == (225.0, 10.0)


@pytest.mark.parametrize("order", FilamentOrder)
def test_the_filament_is_set_in_the_models_order(order: FilamentOrder) -> None:
    name = "limit-first" if order is FilamentOrder.LIMIT_FIRST else "standby-first"
    tube = opened(
        LARGE,
        order,
        filament_order=name,
        full_scale_filament=6,
        filament_limit=3.5,
        filament_standby=1.5,
    )
    assert tube.filament_limit == pytest.approx(3.5, abs=0.002)
    assert tube.filament_standby == pytest.approx(1.5, abs=0.002)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("kilovolts = 200", r"kilovolts = 200 kV is above full_scale_kv = 160 kV: ask for less"),
        ("milliamperes = 6", r"milliamperes = 6 mA is above full_scale_ma = 5 mA"),
        ("full_scale_kv = 100", r"kilovolts = 160 kV is above full_scale_kv = 100 kV"),
        ("filament_limit = 9\nfilament_standby = 1", r"filament_limit = 9 A is above"),
        ("filament_limit = 3", r"give both filament_limit and filament_standby"),
        ("filament_limit = 2\nfilament_standby = 3", r"above the limit of 2 A"),
        ('filament_order = "limit"', r"'limit-first' or 'standby-first'"),
        (
            "warm_up = [{rest = 8, start = 0.6, stages = 4, seconds = 15},"
            " {rest = 72, start = 0.5, stages = 4, seconds = 15}]",
            r"begin with the longest",
        ),
    ],
)
def test_what_the_generator_cannot_do_is_refused_when_the_file_is_read(
    source: str, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint) as refused:
        read(source)
    assert "devices.xray_source" in str(refused.value)


def test_an_air_reference_does_not_outlive_the_tubes_rest() -> None:
    read(rest="[policy]\nair_fresh_for = 28800")
    with pytest.raises(ConfigError, match="make air_fresh_for shorter"):
        read(rest="[policy]\nair_fresh_for = 28801")
    assert read("warm_up = []", "[policy]\nair_fresh_for = 90000").devices.xray_source.rows == ()


def test_a_real_lane_works_its_tube_up_and_tests_itself() -> None:
    real = read()
    assert real.hardware == "real"
    assert real.devices.xray_source.rows == TABLE
    assert real.self_test.required


def test_a_simulated_lane_does_neither() -> None:
    simulated = read(head='hardware = "simulated"')
    assert simulated.devices.xray_source.rows == ()
    assert not simulated.self_test.required


@pytest.mark.parametrize("hardware", ["real", "simulated"])
def test_what_the_file_says_holds_on_any_hardware(hardware: str) -> None:
    row = "warm_up = [{rest = 8, start = 0.6, stages = 4, seconds = 15}]"
    for wanted in (True, False):
        rest = f"[self_test]\nrequired = {str(wanted).lower()}\nevery = 3600.0"
        config = read(row, rest, f'hardware = "{hardware}"')
        assert config.self_test.required is wanted
        assert config.self_test.every == 3600.0
        assert [r.stages for r in config.devices.xray_source.rows] == [4]


@pytest.mark.parametrize("text", ["self_test = 3", "devices = 3"])
def test_what_is_no_section_is_refused_by_name(text: str) -> None:
    name = text.partition(" ")[0]
    whole = SCANNER if name == "self_test" else SCANNER.partition("[devices.conveyor]")[0]
    with pytest.raises(ConfigError, match=name):
        parse(f"{text}\n{whole}", FILE, ScannerConfig)
