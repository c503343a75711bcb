"""From the wire to the finding: no spoilt stream is ever a silent clear."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.inspection import Finding
from drivers.detector.codec import Decoder, Flag, Order, line
from drivers.detector.ring import LineRing, Tally
from drivers.errors import NoAnswer
from edge.scanner.pictures import as_counts
from tests.unit.processing_world import LEAD, PIXELS, item, judged, processing, shown

RAW = item(140)
FRAMES = [
    line(number, RAW[:, number], number * 500, Flag.BEAM_ON, Order.LITTLE)
    for number in range(RAW.shape[1])
]


@st.composite
def spoilt_streams(draw):
    frames = list(FRAMES)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(frames) - 2))
        match draw(st.sampled_from(["drop", "repeat", "swap", "tear", "flip", "again"])):
            case "drop":
                del frames[at : at + draw(st.sampled_from([1, 1, 2, 3, 30]))]
            case "repeat":
                frames[at:at] = [frames[at]] * draw(st.integers(1, 20))
            case "swap":
                frames[at : at + 2] = frames[at : at + 2][::-1]
            case "tear":
                frames[at] = frames[at][: draw(st.integers(1, len(frames[at])))]
            case "flip":
                where = draw(st.integers(0, len(frames[at]) - 1))
                frames[at] = frames[at][:where] + b"?" + frames[at][where + 1 :]
            case "again":  # the detector starts anew, its clock goes on
                later = [
                    line(n, RAW[:, n], 10**6 + n, Flag.BEAM_ON, Order.LITTLE) for n in range(9)
                ]
                frames[at:at] = later
    return frames


@settings(max_examples=80, deadline=None)
@given(spoilt_streams(), st.integers(20, 3000))
def test_no_spoilt_stream_is_ever_a_silent_clear(frames, size):
    decoder, job = Decoder(2, PIXELS), processing()
    decoder.ring = LineRing(2, PIXELS, 256)
    stream = b"".join(frames)
    for at in range(0, len(stream), size):
        decoder.feed(stream[at : at + size])
    decoder.ring.end()
    job.expect(LEAD)
    try:
        seen = job.run(decoder.ring)
    except NoAnswer:
        return
    true = as_counts(seen.calibration.normalise(RAW[:, LEAD:]))[1]
    picture = shown(seen, "high")
    black = (picture == 1).all(1)
    assert np.array_equal(picture[~black], true[: len(picture)][~black])
    assert seen.lost == black.sum()
    last = max(number for number, frame in enumerate(FRAMES) if frame in frames)
    found = judged(seen)
    if found.finding is Finding.CLEAR:
        assert len(picture) == last + 1 - LEAD
        assert black.sum() <= 2
        assert seen.tally.restarted == 0
    if stream != b"".join(FRAMES[: last + 1]):
        told = seen.tally != Tally() or bool(found.notes)
        assert told or len(picture) < len(true)
