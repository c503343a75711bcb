"""Runs anomalib's PaDiM and PatchCore over pictures, in an environment of its own; prints one JSON.

    peer_anomalib.py PICTURES.npz    (fit: (n, 3, h, w) harmless; seen: (m, 3, h, w) to be scored)

The published weights of their backbone come from a hub that a border cannot count on; where they
cannot be had, the backbone has random weights, and ``weights`` says so. EfficientAD cannot run
without its published teacher at all.
"""

import json
import sys
import time
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")
BACKBONE, LAYERS = "resnet18", ["layer1", "layer2", "layer3"]
BATCH = 8
KEPT = 0.02  # of PatchCore's patches


def stubs() -> torch.library.Library:
    """Declare two operators that a torchvision built for another torch cannot bring along."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def scored(model: torch.nn.Module, fit: torch.Tensor, seen: torch.Tensor, close) -> dict:
    """Fit a model and score pictures one by one, as a lane would."""
    model.train()
    with torch.no_grad():
        for start in range(0, len(fit), BATCH):
            model(fit[start : start + BATCH])
        close(model)
        model.eval()
        scores, begun = [], time.perf_counter()
        for one in seen:
            scores.append(float(model(one[None]).pred_score))
    return {"scores": scores, "seconds": (time.perf_counter() - begun) / len(seen)}


def made(kind, **settings):
    """Return a model and where its backbone's weights come from."""
    try:
        return kind(backbone=BACKBONE, **settings), "published"
    except Exception:  # noqa: BLE001 no hub, no file: whatever it raises
        return kind(backbone=BACKBONE, pre_trained=False, **settings), "random"


def main() -> None:
    torch.set_num_threads(2)
    torch.manual_seed(1)
    with np.load(sys.argv[1]) as kept:
        fit, seen = (torch.from_numpy(kept[name].astype(np.float32)) for name in ("fit", "seen"))
    from anomalib.models.image.padim.torch_model import PadimModel
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel

    padim, weights = made(PadimModel, layers=LAYERS, n_features=100)
    found = {"padim": scored(padim, fit, seen, lambda model: model.fit()) | {"weights": weights}}
    core, weights = made(PatchcoreModel, layers=LAYERS[1:])
    fewer = scored(core, fit, seen, lambda model: model.subsample_embedding(KEPT))
    found["patchcore"] = fewer | {"weights": weights}
    print(json.dumps(found))


LIBRARY = None
try:
    import torchvision  # noqa: F401
except RuntimeError:
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    LIBRARY = stubs()
if __name__ == "__main__":
    main()
