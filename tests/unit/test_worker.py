import queue
import threading

import pytest

from contract.health import DeviceState
from drivers.errors import LinkLost, NoAnswer, Refused
from edge.runtime.backoff import Backoff
from edge.runtime.worker import Condition, Happening, Seen, Trouble, Worker

SOON = 30.0  # s; a deadline, not a wait


class Thing:
    """A device that does what its script says, once per poll."""

    def __init__(self, script: "queue.SimpleQueue[object]") -> None:
        self.script = script
        self.closed = threading.Event()

    def poll(self) -> object | None:
        try:
            item = self.script.get_nowait()
        except queue.Empty:
            return None
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def inbox() -> "queue.SimpleQueue[Happening]":
    return queue.SimpleQueue()


def worker_of(
    inbox: "queue.SimpleQueue[Happening]", script: "queue.SimpleQueue[object]", opens: list[object]
) -> Worker[Thing]:
    def open_device() -> Thing:
        item = opens.pop(0) if opens else None
        if isinstance(item, Exception):
            raise item
        return Thing(script)

    never = Backoff(first=0.001, most=0.001)
    return Worker("thing", open_device, inbox.put, poll=Thing.poll, every=0.001, backoff=never)


def test_polls_are_posted_and_jobs_are_answered(inbox: "queue.SimpleQueue[Happening]") -> None:
    script: queue.SimpleQueue[object] = queue.SimpleQueue()
    worker = worker_of(inbox, script, [])
    worker.start()
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.CONNECTED)
    script.put("hello")
    assert inbox.get(timeout=SOON) == Seen("thing", "hello")
    assert worker.ask(lambda thing: type(thing).__name__).result(SOON) == "Thing"
    with pytest.raises(Refused):
        worker.ask(lambda thing: (_ for _ in ()).throw(Refused("no"))).result(SOON)
    worker.stop()


def test_who_refuses_is_looked_at_before_the_refusal_is_told(
    inbox: "queue.SimpleQueue[Happening]",
) -> None:
    script: queue.SimpleQueue[object] = queue.SimpleQueue()
    worker = Worker("thing", lambda: Thing(script), inbox.put, poll=Thing.poll, every=3600)
    worker.start()
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.CONNECTED)
    script.put("on fire")
    told: list[Happening] = []

    def refuse(thing: Thing) -> None:
        raise Refused("not while it burns")

    answer = worker.ask(refuse)
    answer.add_done_callback(lambda _: told.append(inbox.get_nowait()))
    with pytest.raises(Refused):
        answer.result(SOON)
    worker.stop()
    assert told == [Seen("thing", "on fire")]


def test_a_lost_link_is_told_and_opened_again(inbox: "queue.SimpleQueue[Happening]") -> None:
    script: queue.SimpleQueue[object] = queue.SimpleQueue()
    lost = LinkLost("gone")
    worker = worker_of(inbox, script, [LinkLost("not there yet"), None])
    with pytest.raises(LinkLost, match="not open yet"):
        worker.ask(lambda thing: None).result(SOON)
    worker.start()
    first = inbox.get(timeout=SOON)
    assert isinstance(first, Condition)
    assert first.state is DeviceState.RECONNECTING
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.CONNECTED)
    script.put(lost)
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.RECONNECTING, lost)
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.CONNECTED)
    worker.stop()


def test_three_silent_polls_are_a_failure_and_an_answer_mends_it(
    inbox: "queue.SimpleQueue[Happening]",
) -> None:
    script: queue.SimpleQueue[object] = queue.SimpleQueue()
    worker = worker_of(inbox, script, [])
    worker.start()
    inbox.get(timeout=SOON)
    silence = [NoAnswer(str(n)) for n in range(3)]
    for item in (*silence, "back"):
        script.put(item)
    for error in silence:
        assert inbox.get(timeout=SOON) == Trouble("thing", error)
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.FAILED, silence[-1])
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.CONNECTED)
    assert inbox.get(timeout=SOON) == Seen("thing", "back")
    worker.stop()


def test_a_bug_in_a_driver_does_not_end_the_thread(inbox: "queue.SimpleQueue[Happening]") -> None:
    script: queue.SimpleQueue[object] = queue.SimpleQueue()
    worker = worker_of(inbox, script, [ValueError("a bug in open")])
    worker.start()
    told = inbox.get(timeout=SOON)
    assert isinstance(told, Condition)
    assert isinstance(told.error, ValueError)
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.CONNECTED)
    script.put(ZeroDivisionError("a bug in poll"))
    assert isinstance(inbox.get(timeout=SOON), Condition)
    assert inbox.get(timeout=SOON) == Condition("thing", DeviceState.CONNECTED)
    worker.stop()


def test_stopping_closes_the_device(inbox: "queue.SimpleQueue[Happening]") -> None:
    script: queue.SimpleQueue[object] = queue.SimpleQueue()
    worker = worker_of(inbox, script, [])
    worker.start()
    thing = worker_thing(worker, inbox)
    worker.stop()
    assert thing.closed.is_set()


def worker_thing(worker: Worker[Thing], inbox: "queue.SimpleQueue[Happening]") -> Thing:
    inbox.get(timeout=SOON)
    return worker.ask(lambda thing: thing).result(SOON)
