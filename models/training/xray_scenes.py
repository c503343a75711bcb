"""Make the scene network: render, train, judge, quantise, judge again, write the card.

    python -m models.training.xray_scenes --seed 1 --steps 20000 --shards 40 --folder DIR

1. Rendered scenes are kept in ``--folder`` (0.12 GB a shard) and made only where they lack;
   ``--only render --first N --shards M`` lets several processes share that work.
2. Training begins at random and follows from the seed, the steps and the shards; on one thread, in
   bfloat16, some 5 steps a second.
3. The int8 twin is quantised statically (QDQ, weights per channel), its ranges taken from rendered
   items of the tuning seeds.
4. Both are judged on the same unseen items (models/training/xray_scene_judge.py). The one given by
   ``--ship`` goes into the catalogue; the card tells the figures of both.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from models.catalogue import WEIGHTS
from models.training import xray_scene_judge as judge
from models.training.xray_card import write_card
from models.training.xray_scene_fit import train
from models.training.xray_scene_network import DeployedScene, SceneNetwork
from models.training.xray_scene_tiles import load, render
from models.xray.scenes import ALIGN, CHANNELS, Runner, channels, working
from models.xray.segmenter import NAME
from simulators.world.goods import PITCH_MM

RANGES = 120  # items from which the int8 twin takes its ranges


def main() -> None:
    """Render, train, judge, quantise, judge, write."""
    given = _arguments()
    render(given.folder / "tiles", given.seed, given.shards, given.first)
    if given.only == "render":
        return
    rough = given.folder / f"{NAME}_fp32.onnx"
    if not (given.keep and rough.exists()):
        scenes = load(given.folder / "tiles", given.seed, given.shards)
        export(train(scenes, given.seed, given.steps, followed(given.folder)), rough)
    small = given.folder / f"{NAME}_int8.onnx"
    items = given.folder / "items"
    tuning = judge.cached(items, judge.TUNING, RANGES, threat=True)
    quantise(rough, small, views_of(tuning))
    figures = {}
    for name, path in (("fp32", rough), ("int8", small)):
        figures[name] = judge.everything(items, runner(path))
        figures[name]["network_mpix_s"] = speed(path)
        say(json.dumps({name: figures[name]}, indent=1))
    shipped = {"fp32": rough, "int8": small}[given.ship]
    (given.out / f"{NAME}.onnx").write_bytes(shipped.read_bytes())
    recipe = (
        f"python -m models.training.xray_scenes --seed {given.seed} --steps {given.steps} "
        f"--shards {given.shards} --ship {given.ship} --folder DIR"
    )
    told = _told(given.ship, figures)
    write_card(given.out, NAME, _CARD, told, recipe=recipe, ship=given.ship)


def export(network: SceneNetwork, path: Path) -> None:
    """Write the network as ONNX: probabilities, one picture, any sides on multiples of 32."""
    high, wide = (ALIGN * torch.export.Dim(name, max=4096) for name in ("rows", "columns"))
    torch.onnx.export(
        DeployedScene(network.to(memory_format=torch.contiguous_format)).eval(),
        (torch.zeros(1, CHANNELS, 128, 160),),
        str(path),
        input_names=["scene"],
        output_names=["masks", "sure"],
        dynamic_shapes={"x": {2: high, 3: wide}},
        external_data=False,
        verbose=False,
    )


def quantise(source: Path, path: Path, inputs: Iterator[dict[str, np.ndarray]]) -> None:
    """Write the int8 twin of ``source``, its ranges taken from ``inputs``."""
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(inputs, None)

    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready),
            str(path),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


def views_of(items: list[judge.Item]) -> Iterator[dict[str, np.ndarray]]:
    """Yield items as the network sees them."""
    for one in items:
        view = channels(working(one.passed.astype(np.float32), PITCH_MM))
        rows, columns = (side // ALIGN * ALIGN for side in view.shape[1:])
        yield {"scene": np.ascontiguousarray(view[None, :, :rows, :columns])}


def runner(path: Path, threads: int = 1) -> Runner:
    """Return an exported network as the scanner runs it."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(view: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        masks, sure = session.run(None, {"scene": view})
        return masks, sure

    return run


def speed(path: Path) -> float:
    """Return the network's megapixels (of 1 mm) a second on two threads, at its best."""
    run, view = runner(path, threads=2), np.zeros((1, CHANNELS, 512, 256), np.float32)
    view += np.random.default_rng(1).random(view.shape, np.float32)
    taken = []
    for _ in range(60):
        begun = time.perf_counter()
        run(view)
        taken.append(time.perf_counter() - begun)
    return round(4 * 512 * 256 / 1e6 / min(taken), 1)


def _told(ship: str, figures: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return what the card tells: all of what is shipped, and some of the other beside it."""
    told = ("items_auc", "items_hits", "items_alarms", "single_auc", "network_mpix_s")
    (other,) = (name for name in figures if name != ship)
    return figures[ship] | {f"{other}_{key}": figures[other][key] for key in told}


_CARD = '''name = "{name}"
role = "xray-anomaly"
version = "1"
sha256 = "{digest}"
grade = "simulation"
input = """scene: float32 (1, 5, h, w) at 2 mm a pixel, h and w multiples of 32: depth, contrast,
detail, material, difference of the energies (models/xray/scenes.py). Weights: {ship}"""
output = """masks: (1, 6, h/4, w/4), probabilities of firearm, knife, razor, star, bar, device;
sure: (1, 7, h/8, w/8), of any threat in the cell, then the six kinds"""
threshold = {threshold}
single_threshold = {single}
trained_on = "rendered goods only (simulators/world/goods*.py); no real X-ray picture"
recipe = "{recipe}"
licence = "same as this project"
source = "this project, from random weights"
limits = """
Figures are of rendered items alone: one bag, parcel or pallet of 560 × 512 mm in one view at
160 kV, 1 mm pixels, 20 000 photons. The threshold is the one at which 0.4 % of the harmless
things in {tuned} harmless items alarm (object_rate_*: one item in twenty is held for nothing);
strict_threshold, at which items_* and strange_shapes_* are told, is the score that 0.4 % of those
items reached. All are judged on other items ({threats} with a threat, {harmless} without,
{strange} with a threat of a shape never trained on). An item counts as hit only if it reaches the
threshold and a region lies on the threat. alarms_per_object divides alarms by harmless things.
single_* is the same with the high energy alone: at its own strict threshold and, as
single_object_rate_*, at single_threshold. A threat shows at least half
(3 % of the open beam) and is turned at most 60° out of the beam; what hides better is not asked
for. Wanted were 95 % hits at 0.4 % alarms: it does not reach them; shapes it was not trained on,
and razor blades in clutter, are missed most. Single bars of iron or copper, plastic and ceramic
weapons, bulk explosive without a device, drugs, and sea containers are not rendered. The score is
no probability, and none of this says what a real lane would show."""

[metrics]
{metrics}
'''


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the X-ray scene network.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--shards", type=int, default=40, help="of 100 scenes")
    parser.add_argument("--first", type=int, default=0, help="with --only render: first shard")
    parser.add_argument("--only", choices=["render"])
    parser.add_argument("--keep", action="store_true", help="judge the network already in --folder")
    parser.add_argument("--ship", choices=["fp32", "int8"], default="fp32")
    parser.add_argument("--folder", type=Path, required=True, help="for rendered scenes, gigabytes")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    return parser.parse_args()


def followed(folder: Path) -> Callable[[str, torch.nn.Module], None]:
    """Return what says how training goes and keeps the weights so far, in case it is cut off."""

    def told(text: str, network: torch.nn.Module) -> None:
        say(text)
        torch.save(network.state_dict(), folder / "so_far.pt")

    return told


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
