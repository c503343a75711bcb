"""Slots: who vouches for a model, what fills a role, what gets into the operator's folder."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.models_cli import app
from models import slots, slots_store
from models.catalogue import Grade
from models.slots import Role, SlotCard, SlotError

CONTENT = b"not really a network, but bytes with a hash"
CARD = """
name = "{name}"
role = "{role}"
version = "7"
sha256 = "{digest}"
grade = "{grade}"
family = "embedding"
input = "i"
output = "o"
trained_on = "t"
recipe = "r"
licence = "l"
source = "s"
limits = "m"
[metrics]
"""


def card_text(content: bytes = CONTENT, **changes: str) -> str:
    told = {
        "name": "other",
        "role": "face-embedding",
        "digest": hashlib.sha256(content).hexdigest(),
        "grade": "field",
    }
    return CARD.format(**(told | changes))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "given.onnx"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "given.card"
    path.write_text(card_text())
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_without_a_folder_our_own_fill_both_slots() -> None:
    for role in Role:
        filled = slots.fill(role, None)
        assert filled is not None
        assert filled.path is None
        assert filled.card.grade is Grade.SIMULATION
        assert hashlib.sha256(filled.content).hexdigest() == filled.card.sha256


def test_on_real_hardware_a_slot_without_a_field_model_stays_empty() -> None:
    assert all(slots.fill(role, None, real_hardware=True) is None for role in Role)


def test_the_models_an_installation_would_fetch_are_pinned() -> None:
    known = slots.known()
    assert known["face_detection_yunet_2023mar"].sha256.startswith("8f2383e4dd3cfbb4")
    assert known["face_recognition_sface_2021dec"].sha256.startswith("0ba9fbfa01b5270c")


def test_a_vouched_for_model_of_the_folder_comes_first(
    model: Path, card: Path, folder: Path
) -> None:
    slots_store.add(model, Role.FACE_EMBEDDING, folder, card)
    filled = slots.fill(Role.FACE_EMBEDDING, folder, real_hardware=True)
    assert filled is not None
    assert filled.content == CONTENT
    assert filled.card.name == "other"
    detector = slots.fill(Role.FACE_DETECTOR, folder)
    assert detector is not None
    assert detector.path is None


def test_an_unknown_hash_needs_a_card(model: Path, folder: Path) -> None:
    with pytest.raises(SlotError, match="--card"):
        slots_store.add(model, Role.FACE_EMBEDDING, folder)
    folder.mkdir(exist_ok=True)
    (folder / "other.onnx").write_bytes(CONTENT)
    assert "nobody vouches" in slots.look(folder)[0].problem
    filled = slots.fill(Role.FACE_EMBEDDING, folder)
    assert filled is not None
    assert filled.path is None  # ours: the stranger is never opened


@pytest.mark.parametrize(
    ("change", "why"),
    [({"digest": "0" * 64}, "the card says"), ({"role": "face-detector"}, "not a face-embedding")],
)
def test_a_card_for_something_else_is_refused(
    model: Path, tmp_path: Path, folder: Path, change: dict[str, str], why: str
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(card_text(**change))
    with pytest.raises(SlotError, match=why):
        slots_store.add(model, Role.FACE_EMBEDDING, folder, wrong)
    assert not list(folder.glob("*.onnx"))


def test_a_file_changed_on_disk_is_not_opened(model: Path, card: Path, folder: Path) -> None:
    slots_store.add(model, Role.FACE_EMBEDDING, folder, card)
    (folder / "other.onnx").write_bytes(CONTENT + b"!")
    with pytest.raises(SlotError, match="its card says"):
        slots.fill(Role.FACE_EMBEDDING, folder)


def test_a_spoilt_known_model_is_never_silently_replaced_by_ours(folder: Path) -> None:
    folder.mkdir()
    (folder / "face_recognition_sface_2021dec.onnx").write_bytes(b"spoilt")
    with pytest.raises(SlotError, match="sface"):
        slots.fill(Role.FACE_EMBEDDING, folder)


def test_two_models_for_one_role_are_an_error(model: Path, card: Path, folder: Path) -> None:
    slots_store.add(model, Role.FACE_EMBEDDING, folder, card)
    second = folder / "second.onnx"
    second.write_bytes(b"another")
    (folder / "second.toml").write_text(card_text(b"another", name="second"))
    with pytest.raises(SlotError, match="more than one"):
        slots.fill(Role.FACE_EMBEDDING, folder)
    second.unlink()
    third = folder.parent / "third.onnx"
    third.write_bytes(b"another")
    with pytest.raises(SlotError, match="already holds"):
        slots_store.add(third, Role.FACE_EMBEDDING, folder, folder / "second.toml")


@pytest.mark.parametrize("text", ["", "name = 3", "no toml", "unheard = 1" + card_text()])
def test_a_card_that_cannot_be_read_says_so(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(SlotError, match=r"c\.toml"):
        slots.read_card(path)


def test_a_missing_folder_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SlotError, match="no such folder"):
        slots.fill(Role.FACE_DETECTOR, tmp_path / "nowhere")
    with pytest.raises(SlotError, match=r"gone\.onnx"):
        slots_store.add(tmp_path / "gone.onnx", Role.FACE_DETECTOR, tmp_path)


@pytest.fixture
def served() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server on the loopback that has what is put into the dictionary."""
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", files
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch, card: Path) -> SlotCard:
    """A known model whose hash is that of CONTENT."""
    entry = slots.read_card(card)
    monkeypatch.setattr(slots_store, "known", lambda: {"other": entry})
    return entry


def test_what_is_fetched_is_kept_only_if_it_is_that_file(
    served: tuple[str, dict[str, bytes]], wanted: SlotCard, folder: Path
) -> None:
    address, files = served
    files |= {"/right": CONTENT, "/wrong": CONTENT + b"?"}
    with pytest.raises(SlotError, match="nothing was kept"):
        slots_store.fetch("other", f"{address}/wrong", folder)
    with pytest.raises(SlotError, match="404"):
        slots_store.fetch("other", f"{address}/none", folder)
    assert not list(folder.iterdir())
    assert slots_store.fetch("other", f"{address}/right", folder) == wanted
    assert (folder / "other.onnx").read_bytes() == CONTENT


def test_only_known_names_and_real_addresses_are_fetched(wanted: SlotCard, folder: Path) -> None:
    with pytest.raises(SlotError, match="no known model"):
        slots_store.fetch("unheard", "http://127.0.0.1:9/", folder)
    with pytest.raises(SlotError, match=r"127\.0\.0\.1:9"):
        slots_store.fetch("other", "http://127.0.0.1:9/", folder)
    with pytest.raises(SlotError):
        slots_store.fetch("other", "file:///etc/hostname", folder)


def test_the_command_lists_adds_and_refuses(model: Path, card: Path, folder: Path) -> None:
    run = CliRunner().invoke
    refused = run(
        app, ["add", str(model), "--role", "face-embedding", "--model-folder", str(folder)]
    )
    assert refused.exit_code == 1
    given = ["add", str(model), "--role", "face-embedding", "--card", str(card)]
    added = run(app, [*given, "--model-folder", str(folder)])
    assert added.exit_code == 0, added.output
    listed = run(app, ["list", "--model-folder", str(folder)])
    assert "face-embedding: other@7" in listed.output
    assert "known: face_recognition_sface_2021dec" in listed.output
