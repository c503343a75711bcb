"""The self-test: a rendered phantom, healthy and worn scanners, and the files that are kept."""

import json
import math
import sqlite3
import time
from functools import cache

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.scanner.calibration import calibrate
from edge.scanner.images import load
from edge.scanner.phantom.cli import selftest
from edge.scanner.phantom.detection import ROSE, above_blanks, last_seen
from edge.scanner.phantom.history import FILE, History, HistoryError
from edge.scanner.phantom.layout import PHANTOM, Kind
from edge.scanner.phantom.limits import SelfTestLimits
from edge.scanner.phantom.measure import self_test
from edge.scanner.phantom.perform import SCAN, keep_scan, perform
from edge.scanner.phantom.registration import Placed, register
from edge.scanner.phantom.resolution import sharpness
from edge.scanner.phantom.result import Measurement, Parameter, Result, confidence
from edge.scanner.phantom.schedule import due_in, passed, selftest_due
from edge.scanner.phantom.substances import expected
from edge.scanner.phantom.trend import DAY, FEWEST, drift, warning
from models.xray.materials import MATERIALS
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts
from models.xray.spectrum import optical_depth
from simulators.world.goods import Threat, scene
from simulators.world.phantom import Lying, Wear, drifted, phantom_item, phantom_tau, worn

STRAIGHT = Lying(4.0, -6.0, 1.2)
P = Parameter


@cache
def tau(lying: Lying = STRAIGHT):
    return phantom_tau(lying, lines=380, pixels=480)


def scan(lying: Lying = STRAIGHT, wear: Wear = Wear(), seed: int = 1):  # noqa: B008
    depth = tau(lying)
    new = worn(make_detector(depth.shape[2], seed=seed), wear)
    references = (dark_counts(128, new, seed + 1), air_counts(128, new, seed + 2))
    counts = raw_counts(depth, drifted(new, wear), seed + 3)
    return calibrate(*references, at=0.0).picture(counts).transmission


@cache
def healthy():
    return scan()


# The scanner ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lying",
    [
        Lying(),
        STRAIGHT,
        Lying(-18.0, 22.0, -6.0),
        Lying(10.0, 30.0, 181.5),
        Lying(-5.0, -40.0, 2.5, upside_down=True),
    ],
)
def test_a_healthy_scanner_passes_over_fifty_noise_seeds(lying: Lying) -> None:
    for seed in range(10):
        result = self_test(scan(lying, seed=100 * seed), 0.0)
        assert result.passed, (seed, result.told())
        assert result.placement["residual_mm"] < 0.2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("wear", "must", "may"),
    [
        (Wear(blur=1.0), {P.RESOLUTION}, set()),
        (Wear(flux=0.2), {P.PENETRATION, P.MATERIALS}, {P.CONTRAST, P.WIRE}),
        (Wear(read_noise=60.0), {P.PENETRATION}, set()),
        (Wear(uneven=0.03), {P.CONTRAST, P.WIRE}, {P.MATERIALS, P.AIR}),
        (Wear(drift=(0.95, 1.0)), {P.AIR, P.MATERIALS}, set()),
        (Wear(drift=(0.95, 0.95)), {P.AIR}, {P.MATERIALS}),
        (Wear(drift=(1.06, 1.06)), {P.AIR}, {P.MATERIALS, P.WIRE}),
        (Wear(dead_energy=0), {P.AIR, P.MATERIALS, P.WIRE}, set()),
        (
            Wear(dead_energy=1),
            {P.AIR, P.MATERIALS, P.PENETRATION, P.CONTRAST, P.RESOLUTION},
            set(),
        ),
    ],
)
def test_what_is_worn_fails_the_right_parameter(wear, must, may, seed: int) -> None:
    result = self_test(scan(wear=wear, seed=50 * seed), 0.0)
    failed = {m.parameter for m in result.failures}
    assert must <= failed <= must | may, result.told()
    assert not result.reason


def test_one_energy_can_do_all_but_materials() -> None:
    result = self_test(healthy()[1], 0.0)
    failed = {m.parameter for m in result.failures}
    assert {P.MATERIALS} <= failed <= {P.MATERIALS, P.WIRE}  # wires have the low energy's limits
    assert value(result, "penetration") > 38
    materials = [m for m in result.measurements if m.parameter is P.MATERIALS]
    assert all(
        (m.value, m.confidence, m.detail) == (None, 1.0, "one energy only") for m in materials
    )


def test_where_it_lies_is_told() -> None:
    placement = self_test(scan(Lying(3.0, 30.0, -2.0)), 0.0).placement
    assert placement["rotation_deg"] == pytest.approx(-2.0, abs=0.1)
    assert placement["scale_line"] == pytest.approx(1.0, abs=0.002)


def test_a_belt_at_another_speed_is_taken_up() -> None:
    faster = np.delete(healthy(), np.s_[::15], axis=1)  # every fifteenth line is missing
    result = self_test(faster, 0.0)
    assert result.placement["scale_belt"] == pytest.approx(14 / 15, abs=0.005)
    assert {m.parameter for m in result.failures} <= {P.RESOLUTION}  # torn edges are less sharp


def test_a_finer_pitch_sees_finer() -> None:
    fine = phantom_tau(pitch_mm=0.8, lines=560, pixels=640)
    detector = make_detector(640, seed=3, dead=0.0)
    calibration = calibrate(dark_counts(64, detector, 1), air_counts(64, detector, 2), 0.0)
    result = self_test(calibration.picture(raw_counts(fine, detector, 4)).transmission, 0.0,
                       pitch_mm=0.8)  # fmt: skip
    coarse = self_test(healthy(), 0.0)
    assert result.passed, result.told()
    assert value(result, "resolution across") > 1.15 * value(coarse, "resolution across")


def value(result: Result, name: str) -> float:
    return next(m.value for m in result.measurements if m.name == name)


def test_the_lines_that_were_lost_do_not_pass_for_a_good_picture() -> None:
    torn = healthy().copy()
    torn[:, 120:260] = 1 / 65_535
    assert not self_test(torn, 0.0).passed


# What is no phantom -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture",
    [
        np.ones((2, 400, 500), np.float32),
        np.full((2, 400, 500), 1e-5, np.float32),
        np.full((2, 400, 500), np.nan, np.float32),
        np.ones((2, 1, 1), np.float32),
        np.ones((3, 400, 500), np.float32),
        np.ones(7, np.float32),
        np.broadcast_to(np.float32(1), (2, 10_000, 10_000)),
        np.exp(-scene(5, threat=Threat.KNIFE).tau),
        np.random.default_rng(1).random((2, 300, 300)).astype(np.float32),
    ],
)
def test_what_is_no_phantom_fails_with_a_reason(picture) -> None:
    result = self_test(picture, 7.0)
    assert not result.passed
    assert result.reason
    assert result.measurements == ()
    assert result.told().startswith("self-test failed: ")


def test_half_a_phantom_is_none() -> None:
    result = self_test(healthy()[:, :, :300], 0.0)
    assert not result.passed
    assert "discs" in result.reason


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(16, 90), st.integers(16, 90), st.floats(0, 1))
def test_no_picture_breaks_it(seed: int, rows: int, columns: int, dark: float) -> None:
    rng = np.random.default_rng(seed)
    picture = (rng.random((2, rows, columns)) > dark).astype(np.float32)
    assert not self_test(picture, 0.0, pitch_mm=float(rng.uniform(0.3, 9))).passed


# The measures by themselves ---------------------------------------------------------------------


def test_the_mtf_of_a_known_blur() -> None:
    # A Gaussian of σ mm halves its modulation at √(2 ln 2) / (2πσ); averaging over a pixel takes
    # sin(πf)/(πf) off that.
    sigma = 1.1
    x, y = np.meshgrid(np.arange(120) + 0.5, np.arange(110) + 0.5)
    shift = np.array([-304.0, 8.0])  # of the square into a small picture, whole pixels
    turned = np.radians(PHANTOM.square_angle)
    cx, cy = PHANTOM.square + shift
    u = (x - cx) * np.cos(turned) + (y - cy) * np.sin(turned)
    v = -(x - cx) * np.sin(turned) + (y - cy) * np.cos(turned)

    def inside(d):
        half, root = PHANTOM.square_side / 2, sigma * math.sqrt(2)
        erf = np.vectorize(math.erf)
        return (erf((d + half) / root) - erf((d - half) / root)) / 2

    picture = (1 - 0.97 * inside(u) * inside(v)).astype(np.float32)
    matrix = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    across, along = sharpness(Placed(picture, matrix, 0.0, 1.0), PHANTOM)
    wanted = math.sqrt(2 * math.log(2)) / (2 * math.pi * sigma)
    assert across.value == pytest.approx(wanted, rel=0.04)
    assert along.value == pytest.approx(wanted, rel=0.04)


def test_the_discs_are_found_to_a_tenth_of_a_millimetre() -> None:
    placed = register(np.exp(-tau()[1]), PHANTOM, 1.0)
    angle = np.radians(STRAIGHT.turned)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([480 / 2 + STRAIGHT.x, 380 / 2 + STRAIGHT.y])
    for corner in ((0.0, 0.0), (420.0, 260.0)):
        where = turn @ (np.array(corner) - (210, 130)) + middle
        assert placed.matrix @ (*corner, 1.0) == pytest.approx(where, abs=0.15)


def test_last_seen_by_hand() -> None:
    # z halves with every halving of the size: 20, 10, 5.0…: ROSE is met at a quarter exactly.
    seen = last_seen([1.0, 0.5, 0.2], [20.0, 10.0, 4.0])
    assert seen.count == 2
    assert seen.value == pytest.approx(0.25, rel=1e-6)
    assert last_seen([1.0, 0.5], [ROSE - 0.1, 99.0]).value is None  # a gap ends the row
    assert last_seen([1.0, 0.5], [50.0, 20.0]).value == 0.5


def test_blanks_hold_all_the_noise() -> None:
    assert above_blanks([7.0], [1.0, 2.0, 3.0, 2.0, 2.0]) == pytest.approx([5 / math.sqrt(0.5)])
    assert above_blanks([7.0], [2.0, 2.0, 2.0, 2.0]) == [0.0]
    assert above_blanks([7.0], [1.0]) == [0.0]


def test_the_samples_ratios_are_those_of_the_full_spectrum() -> None:
    for sample in PHANTOM.samples:
        areal = sample.thickness * MATERIALS[sample.material].density * 0.1
        low, high = optical_depth(MATERIALS[sample.material], areal)
        assert expected(sample) == pytest.approx(float(low / high), rel=0.03)
        assert 0.75 < float(high) < 1.15  # all about equally deep
    assert {sample.kind for sample in PHANTOM.samples} == set(Kind)


def test_confidence() -> None:
    assert confidence(10.0, 10.0, 1.0) == 0.5
    assert confidence(12.0, 10.0, 1.0) == pytest.approx(0.977, abs=0.001)
    assert confidence(8.0, 10.0, 1.0) == pytest.approx(0.977, abs=0.001)


# Kept, and compared with before -----------------------------------------------------------------


def measured(worth: float | None, limit: float = 38.0, at_least: bool = True) -> Measurement:
    return Measurement("penetration", P.PENETRATION, worth, "mm steel", limit, at_least, 0.9)


def test_a_result_comes_back_as_it_was(tmp_path) -> None:
    result = perform(healthy(), 1000.0, tmp_path)
    assert result.passed
    again = History(tmp_path).last()
    assert again is not None
    assert again.as_json() == result.as_json()
    assert History(tmp_path).last_passed_at() == 1000.0
    perform(np.ones((2, 50, 50), np.float32), 2000.0, tmp_path)
    assert History(tmp_path).last_passed_at() is None
    assert [at for at, _ in zip(*History(tmp_path).values("penetration", PHANTOM.name), strict=True)
            ] == [1000.0]  # fmt: skip


def test_history_is_bounded_and_empty_at_first(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("edge.scanner.phantom.history.MOST", 5)
    history = History(tmp_path)
    assert history.last() is None
    for day in range(12):
        history.add(Result(day * DAY, "x", (measured(40.0 - day),)))
    times, values = history.values("penetration", "x")
    assert values == [33.0, 32.0, 31.0, 30.0, 29.0]
    assert times == sorted(times)
    assert history.values("penetration", "another layout") == ([], [])


def test_a_clock_that_was_ahead_once_does_not_count_for_ever(tmp_path) -> None:
    history = History(tmp_path)
    history.add(Result(9e9, "x", (measured(40.0),)))
    history.add(Result(1e9, "x", (measured(41.0),)))
    assert history.last().at == 1e9


def test_a_spoilt_file_is_an_error_and_not_a_crash(tmp_path) -> None:
    history = History(tmp_path)
    history.add(Result(1.0, "x", ()))
    with sqlite3.connect(history.path) as db:
        db.execute("UPDATE result SET body = '{}'")
    with pytest.raises(HistoryError, match="cannot be read"):
        history.last()
    history.path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(HistoryError):
        history.last()


def test_a_disk_that_refuses_does_not_change_the_verdict(tmp_path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(HistoryError, match="room on the disk"):
        History(tmp_path).last()
    result = perform(healthy(), 0.0, tmp_path)
    assert result.passed
    assert FILE in result.warnings[0]


def test_theil_sen_by_hand() -> None:
    days = [float(day) * DAY for day in range(12)]
    values = [50.0 - 0.5 * day for day in range(12)]
    found = drift(days, values)
    assert (found.per_day, found.certain) == (-0.5, True)
    values[5] = 5.0  # one bad day
    assert drift(days, values).per_day == pytest.approx(-0.5, abs=0.02)
    assert drift(days[: FEWEST - 1], values[: FEWEST - 1]) is None
    assert drift([0.0] * 20, list(range(20))) is None  # all at once is no trend


def test_a_drift_is_told_before_the_limit() -> None:
    days = [float(day) * DAY for day in range(20)]
    values = [45.0 - 0.25 * day for day in range(20)]  # 40.25 now: nine days left
    said = warning(measured(values[-1]), days, values)
    assert said is not None
    assert "falls by 0.25 mm steel a day" in said
    assert "in 9 days" in said
    assert warning(measured(values[-1], limit=20.0), days, values) is None  # far away
    assert warning(measured(values[-1], limit=50.0, at_least=False), days, values) is None


def test_noise_is_seldom_taken_for_a_drift() -> None:
    rng = np.random.default_rng(2)
    said = 0
    for _ in range(40):
        values = list(41.8 + 0.8 * rng.standard_normal(60))
        for n in range(FEWEST, 60):
            days = [float(day) * DAY for day in range(n)]
            said += warning(measured(values[n - 1]), days, values[:n]) is not None
    assert said <= 0.01 * 40 * 52


def test_a_drift_comes_out_of_perform(tmp_path) -> None:
    limits = SelfTestLimits(penetration=41.0)
    history = History(tmp_path)
    for day in range(20):
        history.add(Result(day * DAY, PHANTOM.name, (measured(52.0 - 0.5 * day),)))
    result = perform(healthy(), 20 * DAY, tmp_path, limits)
    assert any(said.startswith("penetration falls by 0.5") for said in result.warnings)


def test_when_it_is_due() -> None:
    assert selftest_due(None, 5.0)
    assert not selftest_due(100.0, 100.0)
    assert not selftest_due(0.0, DAY - 1)
    assert selftest_due(0.0, DAY)
    assert selftest_due(500.0, 400.0)  # the clock was set back
    assert (due_in(0.0, 1000.0, 3600.0), due_in(None, 0.0)) == (2600.0, 0.0)
    assert not passed(None)
    assert not passed(Result(0.0, "x", ()))
    assert not passed(Result(0.0, "x", (measured(99.0),)))  # the other parameters are missing


# The door ---------------------------------------------------------------------------------------

app = typer.Typer()
app.command()(selftest)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_kept_scan_reads_back(tmp_path) -> None:
    path = keep_scan(healthy(), tmp_path)
    assert path.name == SCAN
    assert np.abs(load(path).transmission - healthy()).max() < 1.01 / 65_535


def test_the_door_in_words_and_in_json(tmp_path) -> None:
    path = keep_scan(healthy(), tmp_path)
    told = run(path)
    assert told.exit_code == 0
    assert "ok   penetration" in told.output
    assert told.output.endswith("self-test passed\n")
    answer = json.loads(run(path, "--json").output)
    assert answer["passed"] is True
    assert len(answer["measurements"]) == 9 + 1
    assert {m["parameter"] for m in answer["measurements"]} == set(Parameter)


def test_the_door_fails_a_worn_scanner(tmp_path) -> None:
    path = keep_scan(scan(wear=Wear(blur=1.0)), tmp_path)
    told = run(path)
    assert told.exit_code == 1
    assert "FAIL resolution across" in told.output
    assert json.loads(run(path, "--json").output)["passed"] is False


def test_the_door_says_what_it_cannot_read(tmp_path) -> None:
    assert run().exit_code == 2
    told = run(tmp_path / "none.png", "--json")
    assert told.exit_code == 1
    assert "cannot be read" in json.loads(told.output)["error"]
    assert run("--lane", tmp_path / "none.toml").exit_code == 2


LANE = """
site = "doh"
unit = "scanner-02"
kind = "scanner"
data = "data"
[central]
broker = "mqtts://broker.example:8883"
ca_file = "ca.pem"
certificate = "unit.crt"
certificate_key = "unit.key"
blobs = "https://central.example"
key = "{key}"
[devices.conveyor]
url = "/dev/null"
[devices.xray_source]
url = "/dev/null"
[devices.detector]
url = "socket://127.0.0.1:1"
"""


def test_the_door_of_a_lane_looks_and_keeps_nothing(tmp_path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from contract.signing import public_text

    key = public_text(Ed25519PrivateKey.generate().public_key())
    lane = tmp_path / "lane.toml"
    lane.write_text(LANE.format(key=key))
    keep_scan(healthy(), tmp_path / "data")
    told = run("--lane", lane, "--json")
    assert told.exit_code == 0, told.output
    assert not (tmp_path / "data" / FILE).exists()  # looking again makes no test newer
    history = History(tmp_path / "data")
    week = time.time() - 20 * DAY
    for day in range(20):
        history.add(Result(week + day * DAY, PHANTOM.name, (measured(50.0 - 0.4 * day),)))
    told = run("--lane", lane, "--json")
    assert json.loads(told.output)["warnings"][0].startswith("penetration falls by 0.4")
    assert len(history.values("penetration", PHANTOM.name)[0]) == 20


def test_the_phantom_is_an_item_for_a_lane() -> None:
    item = phantom_item()
    assert item.scene.tau.shape == (2, 560, 512)
    assert not item.threat
