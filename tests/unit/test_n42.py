"""N42.42: NIST's examples pass through unchanged, a passage comes back, rubbish is refused."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from drivers.radiation.codec import Level, Speed
from drivers.radiation.occupancy import Counting, Occupancy
from edge.scanner.formats import n42, n42_portal, safe_xml
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.n42_model import Instrument

SHARED = Path(__file__).parents[2].parent / "shared/data/n42"
NIST = ("Annex_D_alarmed_n42.xml", "Annex_E.n42", "Annex_E_n42.xml", "Annex_G_n42.xml",
        "Annex_I_n42.xml")  # fmt: skip
NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
PORTAL = Instrument("Maker", "VM", "7", version="1.2")
PASSAGE = Occupancy(
    Counting(((1, 2, 3, 4), (50, 60, 70, 80), (9, 1, 2, 3)), (822, 750, 770, 757), True),
    Counting(((0, 0, 1, 0), (0, 0, 0, 0)), (1, 2, 3, 4)),
    17,
    Speed(0.6, 5.0, 8.0),
)


def sample(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"no {name} in ../shared/data/n42")
    return path.read_bytes()


def same(document):
    """Return the canonical form, in which two documents that say the same are equal."""
    tree = etree.fromstring(document).getroottree()
    return etree.tostring(tree, method="c14n2", with_comments=True)


@pytest.fixture(scope="module")
def schema():
    return etree.XMLSchema(etree.fromstring(sample("n42.xsd")))


def valid(schema, document):
    assert schema.validate(etree.fromstring(document)), schema.error_log
    return True


@pytest.mark.parametrize("name", NIST)
def test_nists_examples_pass_through_without_loss(name, schema):
    given_ = sample(name)
    root = n42.read(given_)
    written = n42.write(root)
    assert n42.problems(root) == []
    assert same(written) == same(given_)
    assert valid(schema, written)
    assert n42.recording(written) == n42.recording(given_)


def test_nists_portal_is_understood():
    found = n42.recording(sample("Annex_D_alarmed_n42.xml"))
    assert (found.instrument.model, found.instrument.kind) == ("RPM 3000", "Portal Monitor")
    assert [detector.id for detector in found.detectors] == [
        "Aa1", "Aa2", "Ba1", "Ba2", "Aa1N", "Ba1N",
    ]  # fmt: skip
    first = found.measurements[0]
    assert (first.kind, first.real_s, first.occupied) == ("Background", 0.1, False)
    assert first.gross[0].values == (5, 22, 200)
    assert first.start.utcoffset() == timedelta(hours=-7)
    assert [alarm.category for alarm in found.alarms] == ["Gamma", "Neutron"]
    assert found.measurements[3].speed == 15


def test_nists_spectra_are_understood():
    found = n42.recording(sample("Annex_I_n42.xml"))
    (spectrum,) = found.measurements[0].spectra
    assert len(spectrum.channels) == 256
    assert spectrum.channels[:6] == (0, 0, 0, 22, 421, 847)
    assert spectrum.energy == (0.0, 4.0, 0.0)
    packed = n42.recording(sample("Annex_E_n42.xml"))
    assert len(packed.measurements[0].spectra[0].channels) == 8192
    assert packed.nuclides == ("Co-57", "Cs-137")


@pytest.mark.parametrize("name", [
    "Mn56_DetX_Shielded.n42", "ex_I131_DetectiveEX.n42",
    "kromek_d3s_07.10.2023_12.21.47_SGM200615_SearchMode.xml",
])  # fmt: skip
def test_recorders_in_the_field_are_read_though_not_valid(name):
    found = n42.recording(sample(name))
    assert sum(found.measurements[0].spectra[0].channels) > 0


def test_the_format_of_2006_is_refused_by_name():
    with pytest.raises(FormatError, match="2006"):
        n42.recording(sample("passthrough.n42"))


def test_what_we_write_is_valid(schema):
    lost = Occupancy(Counting(((1, 2, 3, 4),)), Counting())
    doubtful = replace(PASSAGE, tampered=True, spoilt=3, gamma=replace(
        PASSAGE.gamma, level=Level.HIGH, background_age=4.5,
    ))  # fmt: skip
    for passage in (PASSAGE, lost, doubtful):
        assert valid(schema, n42_portal.encode(passage, NOW, PORTAL, "MSKU1234565"))


def test_a_passage_comes_back_as_it_was():
    data = n42_portal.encode(PASSAGE, NOW, PORTAL, "MSKU1234565")
    assert n42_portal.decode(data) == (PASSAGE, NOW)
    assert n42.problems(n42.read(data)) == []
    found = n42.recording(data)
    assert found.alarms[0].description.startswith("285 counts in the highest second, ")
    assert found.measurements[2].speed == pytest.approx(8 / 3.6)


counts = st.tuples(*[st.integers(0, 99_999_999)] * 4)
ages = st.none() | st.integers(0, 10_000).map(lambda tenths: tenths / 8)


def counting(scans, background, alarm, level, age):
    return Counting(tuple(scans), background, alarm, level, age if background else None)


countings = st.builds(
    counting, st.lists(counts, max_size=5), st.none() | counts, st.booleans(),
    st.sampled_from(Level), ages,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(countings, countings, st.none() | st.integers(0, 10**6), st.booleans(), st.integers(0, 9))
def test_any_passage_comes_back(gamma, neutron, number, tampered, spoilt):
    passage = Occupancy(gamma, neutron, number, None, tampered, spoilt)
    data = n42_portal.encode(passage, NOW, PORTAL, "x")
    if not gamma.scans and not neutron.scans:
        with pytest.raises(FormatError, match="no foreground"):
            n42_portal.decode(data)
        return
    assert n42_portal.decode(data)[0] == passage


def test_a_file_cut_anywhere_is_refused():
    data = n42_portal.encode(
        Occupancy(Counting(((1, 2, 3, 4),)), Counting(), 3), NOW, PORTAL, "x"
    ).rstrip()
    for length in range(len(data)):
        with pytest.raises(FormatError):
            n42.recording(data[:length])


def test_entities_are_refused_not_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for head in (
        f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]>',
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ):
        body = f'{head}<RadInstrumentData xmlns="{n42.NAMESPACE}">&s;</RadInstrumentData>'
        for encoding in ("utf-8", "utf-16"):
            with pytest.raises(FormatError):
                n42.recording(body.encode(encoding))


def test_size_and_depth_are_bounded(monkeypatch):
    with pytest.raises(FormatError):
        safe_xml.parse(b"<a>" * 100_000)
    with pytest.raises(FormatError):
        safe_xml.parse(b"<a>" * 5000 + b"</a>" * 5000)
    monkeypatch.setattr(safe_xml, "MOST_BYTES", 10)
    with pytest.raises(FormatError, match="at most"):
        safe_xml.parse(b"<a>0123456789</a>")


def spectrum(content, compression='compressionCode="CountedZeroes"'):
    element = etree.fromstring(f"<ChannelData {compression}>{content}</ChannelData>")
    return n42.numbers(element)


def test_zeroes_are_unpacked_and_bounded():
    assert spectrum("5 0 3 7 0 1") == (5, 0, 0, 0, 7, 0)
    assert spectrum("5 0 3", "") == (5, 0, 3)
    for bomb in ("0 999999999999", "0 -1", "0 " + "1048576 0 " * 3, "1e400", "x"):
        with pytest.raises((ValueError, OverflowError)):
            spectrum(bomb)


@pytest.mark.parametrize(
    ("text", "length"),
    [("PT0.1S", 0.1), ("PT5.97S", 5.97), ("PT1M", 60), ("P1DT2H3M4S", 93_784), ("PT60.S", 60)],
)
def test_durations(text, length):
    assert n42.seconds(text) == pytest.approx(length)


@pytest.mark.parametrize("text", ["", "P", "PT", "5", "PT-1S", "P1Y", "PT1S "])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="duration"):
        n42.seconds(text)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("<MeasurementClassCode>Background", "<MeasurementClassCode>Behind", "'Behind'"),
        ('radDetectorInformationReference="gamma-1"',
         'radDetectorInformationReference="gamma-9"', "leads to no 'gamma-9'"),
        ('id="gamma-2"', 'id="gamma-1"', "'gamma-1' is given 2 times"),
        ("<RadDetectorKindCode>Other</RadDetectorKindCode>", "", "no RadDetectorKindCode"),
        ("<CountData>822<", "<CountData>many<", "could not convert"),
    ],
)  # fmt: skip
def test_departures_from_the_structure_are_named(old, new, problem):
    data = n42_portal.encode(PASSAGE, NOW, PORTAL, "x").decode()
    assert old in data
    found = n42.problems(n42.read(data.replace(old, new, 1).encode()))
    assert any(problem in text for text in found), found


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damage_gives_a_recording_or_a_reason(data):
    bad = bytearray(n42_portal.encode(PASSAGE, NOW, PORTAL, "x"))
    for _ in range(data.draw(st.integers(1, 5))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        n42_portal.decode(bytes(bad))
        n42.problems(n42.read(bytes(bad)))


def test_names_that_xml_cannot_hold_are_refused():
    with pytest.raises(FormatError, match="cannot be written"):
        n42_portal.encode(PASSAGE, NOW, PORTAL, "a\0b")
