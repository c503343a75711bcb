import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.inspection import Finding
from drivers.container_camera.camera import Missed, Place, Seen
from drivers.errors import LinkLost
from edge.scanner import identify as module
from edge.scanner.camera import CameraWatch
from edge.scanner.config import Wanted, Welcome
from edge.scanner.container_number import read
from edge.scanner.identify import Add, Known, identify, unasked, with_papers
from edge.scanner.manifests import ManifestError, find

NUMBER = "CSQU3054383"


@dataclass(frozen=True)
class Asked:
    name: str
    wanted: Wanted
    error: Exception | None = None
    hangs: bool = False

    async def ask(self) -> Add:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return lambda known: known.weighing(12.0)


def known_of(*asked: Asked) -> Known:
    return asyncio.run(identify(asked))


def test_one_that_fails_costs_no_other() -> None:
    known = known_of(Asked("a", Wanted(), LinkLost("cable pulled")), Asked("weight", Wanted()))
    assert known.identity.weight_kg == 12.0
    [check] = known.checks
    assert (check.name, check.finding) == ("a", Finding.UNREADABLE)
    assert "cable pulled" in check.detail


def test_policy_says_whether_what_is_missing_holds() -> None:
    error = TimeoutError("nothing came")
    held = known_of(Asked("a", Wanted(missing="hold"), error))
    told = known_of(Asked("a", Wanted(missing="tell"), error))
    assert [check.finding for check in held.checks] == [Finding.UNREADABLE]
    assert not told.checks
    assert told.notes == ("a is not known: nothing came",)
    assert Welcome(within=2.0).missing == "tell", "a limit of its own changes no policy"


def test_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 0.0)
    known = known_of(Asked("a", Wanted(within=0.01), hangs=True))
    assert known.checks[0].finding is Finding.UNREADABLE


def test_an_item_nobody_asked_about_lacks_everything() -> None:
    known = unasked([Asked("a", Wanted()), Asked("b", Welcome())], "no time")
    assert [check.name for check in known.checks] == ["a"]
    assert len(known.notes) == 1


# The camera


def seen(text: str, confidence: float = 0.99, place: Place = Place.REAR) -> Seen:
    return Seen(1, place, text, (confidence,) * len(text))


def number(*readings: Seen | Missed, within: float = 0.05) -> str:
    async def ask() -> str:
        camera = CameraWatch()
        for reading in readings:
            camera.feed(reading)
        return str((await camera.number(within)).number)

    return asyncio.run(ask())


def test_a_number_that_is_read_is_the_answer() -> None:
    assert number(seen(NUMBER), seen("CSQU305438", place=Place.LEFT)) == NUMBER


@pytest.mark.parametrize(
    "readings",
    [
        (),
        (Missed(1, Place.REAR, "too dark"),),
        (seen("NOT A NUMBER"),),
        (seen(NUMBER), seen("MWCU6059784")),
    ],
)  # fmt: skip
def test_no_number_is_said_with_its_reason(readings: tuple[Seen | Missed, ...]) -> None:
    with pytest.raises(TimeoutError, match=r"\w"):
        number(*readings)


def test_a_repaired_number_is_told() -> None:
    reading = read("CSQU3O54383", (0.99,) * 11)
    known = Known().numbered(reading)
    assert known.identity.container == NUMBER
    assert "repaired" in known.notes[0]


# Papers


def papers(folder: Path | None, container: str | None, wanted: Wanted | None = None) -> Known:
    known = Known()
    if container is not None:
        known = known.numbered(read(container))
    return asyncio.run(with_papers(known, folder, wanted or Wanted()))


def test_papers_are_found_by_the_number(tmp_path: Path) -> None:
    (tmp_path / f"{NUMBER}.json").write_text(json.dumps({"id": "MRN-1", "gross_kg": 5, "more": 1}))
    known = papers(tmp_path, NUMBER)
    assert known.identity.declared == "MRN-1"
    assert known.manifest is not None
    assert known.manifest.declaration.gross_kg == 5


def test_missing_papers_are_told_by_policy_and_spoilt_ones_always_hold(tmp_path: Path) -> None:
    assert papers(tmp_path, NUMBER).checks[0].finding is Finding.UNREADABLE
    assert not papers(tmp_path, NUMBER, Welcome()).checks
    assert not papers(tmp_path, None, Welcome()).checks
    (tmp_path / f"{NUMBER}.json").write_text("[]")
    assert papers(tmp_path, NUMBER, Welcome()).checks[0].finding is Finding.UNREADABLE
    assert papers(None, NUMBER).checks == ()


@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_file_is_papers_or_an_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("papers")
    (folder / f"{NUMBER}.json").write_bytes(content)
    with suppress(ManifestError):  # and nothing else
        assert find(folder, NUMBER) is not None
