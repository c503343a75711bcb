"""A picture taken in the camera's thread: what is told, what is kept, and when it is forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from contract.passage import Status
from drivers.camera.camera import Frame
from drivers.errors import NoAnswer
from edge.display.display import Display
from edge.display.storyboard import OF_INSTRUCTION, Hint, screen_of, tone_of
from edge.egate.checks import inside_checks
from edge.egate.evidence import Evidence
from edge.egate.face.capture import Captured
from edge.egate.face.guide import FaceGuide
from edge.egate.face.look import Looking, look
from edge.egate.face.take import patient, policy_of, take_face
from edge.egate.passage import Phase
from models.face.pack import FacePack, open_pack
from models.face.quality import Instruction
from simulators.world.portraits import portrait
from simulators.world.travellers import Story, in_front, nobody

SEED = 21
SOON = 30.0  # s; a deadline, not a wait
POLICY = policy_of(0.001, 0.5)


class Eye:
    """A camera that shows one scene, for ever; ``seen`` is set with each picture."""

    def __init__(self, scene: np.ndarray | Exception) -> None:
        self.scene = scene
        self.seen = threading.Event()

    def frame(self, timeout: float = 1.0) -> Frame:
        assert timeout > 0
        self.seen.set()
        if isinstance(self.scene, Exception):
            raise self.scene
        return Frame(self.scene.copy(), 1, 0.0)


class Thread:
    """A worker that owns the camera."""

    def __init__(self, camera: Eye) -> None:
        self.camera = camera
        self.answers: list[Future[Any]] = []

    def ask(self, job: Callable[[Eye], Any]) -> Future[Any]:
        answer: Future[Any] = Future()

        def run() -> None:
            answer.set_running_or_notify_cancel()
            try:
                answer.set_result(job(self.camera))
            except Exception as error:  # noqa: BLE001 handed to whoever asked
                answer.set_exception(error)

        self.answers.append(answer)
        threading.Thread(target=run).start()
        return answer


def taken(camera: Thread, how: Looking, evidence: Evidence, policy: Any = POLICY) -> dict[str, Any]:
    async def take() -> dict[str, float]:
        return await take_face(evidence, camera, how, policy, lambda _: None)  # type: ignore[arg-type]

    return asyncio.run(take())


def answers(evidence: Evidence) -> dict[str, Status]:
    return {check.name: check.status for check in inside_checks(evidence)}


def test_the_right_face_is_taken_and_compared() -> None:
    evidence = Evidence(portrait=portrait(SEED, 480, 360))
    stages = taken(Thread(Eye(in_front(SEED))), Looking(open_pack()), evidence)
    assert answers(evidence)["face-comparison"] is Status.SUCCESSFUL
    assert stages.keys() == {"face", "look", "compare"}
    assert 0 < stages["look"] <= stages["face"]


def test_without_the_authority_s_word_nobody_matches() -> None:
    evidence = Evidence(portrait=portrait(SEED, 480, 360))
    taken(Thread(Eye(in_front(SEED))), Looking(open_pack()), evidence, policy_of(None, 0.5))
    assert answers(evidence)["face-comparison"] is Status.UNDETERMINED


def test_without_the_chip_s_portrait_nobody_matches() -> None:
    evidence = Evidence()
    taken(Thread(Eye(in_front(SEED))), Looking(open_pack()), evidence)
    assert answers(evidence)["face-comparison"] is Status.UNDETERMINED


def test_nobody_there_is_failed_when_time_is_up() -> None:
    evidence = Evidence(portrait=portrait(SEED, 480, 360))
    how = Looking(open_pack(), within=0.1)
    taken(Thread(Eye(in_front(SEED, Story.STANDS_ASIDE))), how, evidence)
    assert answers(evidence)["face-image"] is Status.FAILED
    assert evidence.captured is not None
    assert evidence.captured.timed_out


def test_a_camera_that_fails_is_aborted() -> None:
    evidence = Evidence()
    assert taken(Thread(Eye(NoAnswer("no frame"))), Looking(open_pack()), evidence).keys() == {
        "face"
    }
    assert answers(evidence) == {"face-image": Status.ABORTED}


def test_without_a_detector_the_officer_has_a_picture_all_the_same() -> None:
    evidence = Evidence()
    taken(Thread(Eye(in_front(SEED))), Looking(FacePack(None, None, {})), evidence)
    assert set(answers(evidence).values()) == {Status.NOT_SUPPORTED}
    assert evidence.captured is not None
    assert evidence.captured.image is not None


def test_a_capture_that_nobody_waits_for_stops_at_once_and_forgets() -> None:
    camera, evidence = Thread(Eye(nobody())), Evidence()
    how = Looking(open_pack(), within=60.0)

    async def given_up() -> None:
        job = asyncio.create_task(
            take_face(evidence, camera, how, POLICY, lambda _: None)  # type: ignore[arg-type]
        )
        await asyncio.to_thread(camera.camera.seen.wait, SOON)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(given_up())
    assert camera.answers[0].result(SOON).image is None
    assert evidence.captured is None


def test_a_stopped_look_keeps_no_picture() -> None:
    eye, asked = Eye(in_front(SEED)), iter([False, False, True, True])
    found = look(eye, Looking(open_pack(), within=60.0), stopped=lambda: next(asked))
    assert found is not None
    assert (found.seen, found.image, found.portrait) == (2, None, None)


def test_who_asked_for_more_time_is_looked_at_longer() -> None:
    assert patient(Looking(open_pack(), within=8.0), 3.0).within == 24.0
    assert patient(Looking(open_pack()), 3.0).within is None


def test_evidence_is_overwritten_and_let_go() -> None:
    page, face, stored = (np.full((4, 4, 3), 9, np.uint8) for _ in range(3))
    captured = Captured(image=face)
    evidence = Evidence(page_image=page, portrait=stored, captured=captured, approved_by="o")
    evidence.forget()
    assert not any(picture.any() for picture in (page, face, stored))
    assert captured.image is None
    assert evidence == Evidence()


# What the screen says meanwhile


def test_every_instruction_has_a_screen_of_its_own() -> None:
    assert OF_INSTRUCTION.keys() == set(Instruction)
    screens = [screen_of(Phase.DECIDING, hint) for hint in OF_INSTRUCTION.values()]
    assert len(set(screens)) == len(Instruction)
    assert {tone_of(screen) for screen in screens} == {"change"}
    for hint in OF_INSTRUCTION.values():
        assert screen_of(Phase.REFERRED_INSIDE, hint) == "wait_for_officer"


@contextmanager
def quick() -> Iterator[None]:
    with (
        patch("edge.egate.face.guide.SETTLES", 0.02),
        patch("edge.egate.face.guide.LASTS", 0.1),
    ):
        yield


class Heard(Display):
    """A screen that notes what it is told, and when by the loop's clock."""

    def __init__(self) -> None:
        super().__init__(["en"])
        self.hints: list[Hint | None] = []
        self.times: list[float] = []
        self._news: asyncio.Queue[Hint | None] = asyncio.Queue()

    def advise(self, hint: Hint | None) -> None:
        self.times.append(asyncio.get_running_loop().time())
        self.hints.append(hint)
        self._news.put_nowait(hint)

    async def news(self) -> None:
        """Wait until something more is told."""
        await asyncio.wait_for(self._news.get(), SOON)


def told(script: Callable[[FaceGuide, Heard], Any]) -> list[Hint | None]:
    """Return what a display was told while ``script`` ran."""

    async def run() -> list[Hint | None]:
        heard = Heard()
        guide = FaceGuide(heard)
        await script(guide, heard)
        guide.close()
        return heard.hints

    with quick():
        return asyncio.run(run())


def test_an_instruction_is_told_when_it_stands_and_taken_back() -> None:
    async def script(guide: FaceGuide, heard: Heard) -> None:
        await asyncio.to_thread(guide.tell, Instruction.COME_CLOSER)
        await heard.news()
        guide.tell(None)
        await heard.news()

    assert told(script) == [Hint.TOO_FAR, None]


def test_what_comes_and_goes_at_once_is_not_told() -> None:
    async def script(guide: FaceGuide, heard: Heard) -> None:
        guide.tell(Instruction.LOOK_AT_CAMERA)
        guide.tell(None)
        guide.tell(Instruction.STAND_STILL)
        await heard.news()

    assert told(script) == [Hint.RESTLESS]


def test_what_is_told_stays_long_enough_to_be_read() -> None:
    async def script(guide: FaceGuide, heard: Heard) -> None:
        guide.tell(Instruction.COME_CLOSER)
        await heard.news()
        guide.tell(Instruction.MORE_LIGHT)
        await heard.news()
        shown, then = heard.times
        assert then - shown >= 0.09

    assert told(script) == [Hint.TOO_FAR, Hint.DARK]


def test_nothing_is_shown_once_the_picture_is_taken() -> None:
    async def script(guide: FaceGuide, _: Heard) -> None:
        guide.tell(Instruction.COME_CLOSER)
        await asyncio.sleep(0)
        guide.close()
        guide.tell(Instruction.MORE_LIGHT)
        await asyncio.sleep(0.06)

    assert told(script) == []
