"""Make the close-up network: gather places, train, quantise, judge both networks, write the card.

    python -m models.training.xray_closeups --seed 1
        --first 0 20000 5000 25000 --scenes 4900 4900 6500 1700 --ranges 2 4 --steps 11000 5000
        --folder DIR

1. The catalogued scene network looks at freshly rendered scenes; the places it points at are kept
   in ``--folder`` (0.7 MB a scene), made only where they lack. Scenes have numbers: so many
   ``--scenes`` from each ``--first`` on. With ``--only gather`` several processes share that work.
2. Training follows from the seed, the places and the steps; on one thread, in bfloat16, some four
   steps a second. Each course learns from the first so many ``--ranges`` of the scenes, and what it
   made stays in ``--folder``. How far it is believed is found then (xray_closeup_trust.py).
3. It and the catalogued scene network are judged together on the same unseen items as that one
   alone (models/training/xray_scene_judge.py), in float and as int8 twins. The card tells the
   figures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from models.catalogue import WEIGHTS
from models.training import xray_scene_judge as judge
from models.training.xray_card import write_card
from models.training.xray_closeup_fit import Batches, Places, train
from models.training.xray_closeup_network import CloseUp, DeployedCloseUp
from models.training.xray_closeup_trust import trust, words
from models.training.xray_places import gather
from models.training.xray_scenes import RANGES, followed, quantise, runner, say, views_of
from models.xray.closeup import VIEW, Adds
from models.xray.scenes import CHANNELS, Runner
from models.xray.segmenter import CLOSE_UP, NAME

SHARD = 50  # scenes of a file of places
TUNED = 500  # items with a threat, to tell how far it is believed
FIRST, SCENES = (0, 20_000, 5000, 25_000), (4900, 4900, 6500, 1700)
RANGED, STEPS = (2, 4), (11_000, 5000)  # of each course


def main() -> None:
    """Gather, train, quantise, judge, write."""
    given = _arguments()
    first_look = WEIGHTS / f"{NAME}.onnx"
    points = runner(first_look)
    names = [
        [gather(given.folder / "places", given.seed, number, SHARD, points)
         for number in range(first, first + scenes, SHARD)]
        for first, scenes in zip(given.first, given.scenes, strict=True)
    ]  # fmt: skip
    if given.only == "gather":
        return
    path = given.folder / f"{CLOSE_UP}_fp32.onnx"
    done, places = _trained(given, names)
    export(_trusted(done, given.folder / "items", runner(first_look)), path)
    figures = _judged(given.folder, first_look, path, places)
    (given.out / f"{CLOSE_UP}.onnx").write_bytes(path.read_bytes())
    lists = {
        name: " ".join(map(str, vars(given)[name]))
        for name in ("first", "scenes", "ranges", "steps")
    }
    recipe = f"python -m models.training.xray_closeups --seed {given.seed} "
    recipe += "".join(f"--{name} {told} " for name, told in lists.items()) + "--folder DIR"
    counts = len(places.kind)
    write_card(given.out, CLOSE_UP, _CARD, _told(figures), recipe=recipe, places=counts)


def _trained(given: argparse.Namespace, names: list[list[Path]]) -> tuple[Path, Places]:
    """Return the weights that the last course made, and the places it learned from."""
    network, done, places = None, None, None
    for course, (steps, ranges) in enumerate(zip(given.steps, given.ranges, strict=True)):
        places = Places([name for some in names[:ranges] for name in some])
        done = given.folder / f"closeup-{course + 1}-{steps}.pt"
        if done.exists():
            network = CloseUp()
            network.load_state_dict(torch.load(done))
        else:
            told = followed(given.folder)
            network = train(places, given.seed, steps, told, course, network)
            torch.save(network.state_dict(), done)
    if done is None or places is None:
        raise SystemExit("--steps names no course")
    return done, places


def _judged(folder: Path, look: Path, path: Path, places: Places) -> dict[str, dict[str, float]]:
    """Return the figures of both networks in float, as int8 twins, and of the first alone."""
    items = folder / "items"
    small, small_look = folder / f"{CLOSE_UP}_int8.onnx", folder / f"{NAME}_int8.onnx"
    tuning = judge.cached(items, judge.TUNING, RANGES, threat=True)
    quantise(look, small_look, views_of(tuning))
    quantise(path, small, _some(places))
    figures = {
        "fp32": judge.everything(items, runner(look), adds_of(path)),
        "int8": judge.everything(items, runner(small_look), adds_of(small)),
        "alone": judge.everything(items, runner(look)),
    }
    for name, one in (("fp32", path), ("int8", small)):
        figures[name]["place_ms"] = milliseconds(one)
    say(json.dumps(figures, indent=1))
    return figures


def _trusted(done: Path, items: Path, run: Runner) -> DeployedCloseUp:
    """Return the trained network as it is shipped, believed as far as it should be."""
    network = CloseUp()
    network.load_state_dict(torch.load(done))
    whole = DeployedCloseUp(network)
    whole.eval()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def says(views: np.ndarray) -> np.ndarray:
        return np.asarray(whole(torch.from_numpy(views)))

    threats = words(judge.cached(items, judge.TUNING, TUNED, threat=True), run, says)
    harmless = words(judge.cached(items, judge.TUNING, judge.TUNED, threat=False), run, says)
    whole.share = trust(threats, harmless)
    say(f"share of its word that is added: {whole.share}")
    return whole


def export(network: DeployedCloseUp, path: Path) -> None:
    """Write the network as ONNX for any number of places."""
    torch.onnx.export(
        network,
        (torch.zeros(2, CHANNELS, VIEW, VIEW),),
        str(path),
        input_names=["place"],
        output_names=["adds"],
        dynamic_shapes={"x": {0: torch.export.Dim("places", min=1, max=4096)}},
        external_data=False,
        verbose=False,
    )


def _some(places: Places) -> Iterator[dict[str, np.ndarray]]:
    batches = Batches(places, seed=0)
    for _ in range(8):
        yield {"place": batches.next()[0].numpy()}


def adds_of(path: Path, threads: int = 1) -> Adds:
    """Return an exported network as the scanner runs it."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda views: np.asarray(session.run(None, {"place": views})[0], np.float32)


def milliseconds(path: Path) -> float:
    """Return the time for one of four places on two threads, at its best."""
    adds, taken = adds_of(path, threads=2), []
    views = np.random.default_rng(1).random((4, CHANNELS, VIEW, VIEW), np.float32)
    for _ in range(40):
        begun = time.perf_counter()
        adds(views)
        taken.append(time.perf_counter() - begun)
    return round(min(taken) * 1000 / len(views), 2)


def _told(figures: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return what the card tells: all of what is shipped, and some of the others beside it."""
    told = ("items_auc", "items_hits", "items_hits_at_0_4pct", "items_hits_at_5pct", "single_auc")
    shipped = dict(figures["fp32"])
    for other in ("int8", "alone"):
        shipped |= {f"{other}_{key}": figures[other][key] for key in told}
    return shipped | {"int8_place_ms": figures["int8"]["place_ms"]}


_CARD = '''name = "{name}"
role = "xray-closeup"
version = "1"
sha256 = "{digest}"
grade = "simulation"
input = """place: float32 (n, 5, 144, 144) at 1 mm a pixel around a peak of xray_scenes: the same
channels (models/xray/scenes.py)"""
output = "adds: (n,), what to add to the logit that xray_scenes gave the place"
threshold = {threshold}
single_threshold = {single}
trained_on = "{places} places in rendered goods (simulators/world/goods*.py); no real X-ray picture"
recipe = "{recipe}"
licence = "same as this project"
source = "this project, from random weights"
limits = """
It only looks where xray_scenes points; what that one misses wholly stays missed. All figures are of
both together; alone_* is xray_scenes without it. They are of rendered items: one bag, parcel or
pallet of 560 × 512 mm in one view at 160 kV, 1 mm pixels, 20 000 photons. The threshold is the one
at which 0.4 % of the harmless things in {tuned} harmless items alarm (object_rate_*);
strict_threshold, at which items_* and strange_shapes_* are told, is the score that 0.4 % of those
items reached. All are judged on other items ({threats} with a threat, {harmless} without,
{strange} with a threat of a shape never trained on). An item counts as hit only if it reaches the
threshold and a region lies on the threat. alarms_per_object divides alarms by harmless things.
single_* is the same with the high energy alone: at its own strict threshold and, as
single_object_rate_*, at single_threshold. Wanted were 95 % hits at
0.4 % alarms. Pictures of 2 mm a pixel or more get no second look. The score is no probability, and
none of this says what a real lane would show."""

[metrics]
{metrics}
'''


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the X-ray close-up network.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, nargs="+", default=FIRST, help="scenes")
    parser.add_argument("--scenes", type=int, nargs="+", default=SCENES, help="from each first on")
    parser.add_argument("--ranges", type=int, nargs="+", default=RANGED, help="for each course")
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS, help="of each course")
    parser.add_argument("--only", choices=["gather"])
    parser.add_argument("--folder", type=Path, required=True, help="for places, gigabytes")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
