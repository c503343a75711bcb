"""Whoever wants to tell a projected threat from a genuine one: what to look at, and two judges.

1. The judge is told where the threat is, pixel by pixel: harder than any operator's task.
2. ``looks``: noise against what photons explain (inside, on the rim, beside), its correlation along
   and across and between energies, sharpness of the rim, texture by frequency, τ_low/τ_high.
3. Judges: logistic regression (Newton's method), and a forest of shallow trees. Each is trained on
   half of the items and asked about the other half, both ways; the better judge counts.
4. A visible artefact: figures that lie further from genuine ones (Mahalanobis) than all but 5 % of
   genuine ones do. The distance, its limit and the question each have a third of the items.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

PHOTONS = 20_000
MARGIN = 8
FINE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6  # Immerkær's
NAMES: list[str] = []


def looks(picture: np.ndarray, place) -> np.ndarray:
    """Return the figures of a threat at ``place`` in a transmission (2, lines, pixels)."""
    rows, columns = place.window
    top, left = max(rows.start - MARGIN, 0), max(columns.start - MARGIN, 0)
    part = picture[:, top : rows.stop + MARGIN, left : columns.stop + MARGIN]
    thing = np.zeros(part.shape[1:], np.uint8)
    seen = _outline(place.tau[1])
    thing[rows.start - top :, columns.start - left :][: seen.shape[0], : seen.shape[1]] = seen
    inner = cv2.erode(thing, np.ones((5, 5))) > 0
    wide = cv2.dilate(thing, np.ones((3, 3)))
    rim = (wide > 0) & (cv2.erode(thing, np.ones((3, 3))) == 0)
    beside = (cv2.dilate(thing, np.ones((9, 9))) > 0) & (wide == 0)
    found: dict[str, float] = {}
    for name, plane in zip(("low", "high"), part, strict=True):
        found |= _noise(name, plane, {"inner": inner, "rim": rim, "beside": beside})
        found |= _sharpness(name, plane, rim)
    found |= _together(part, inner) | _bands(part[1], inner)
    found |= _matter(part, inner, rim)
    NAMES[:] = found
    return np.array(list(found.values()))


def _outline(depth):
    """Return where the thing is, to the middle of its rim: the way in must not move it."""
    return ((depth > 0.4 * cv2.dilate(depth, np.ones((3, 3)))) & (depth > 0.02)).astype(np.uint8)


def _noise(name, plane, regions):
    rest = cv2.filter2D(plane, -1, FINE)
    unit = rest / np.sqrt(np.maximum(cv2.blur(plane, (5, 5)), 1e-4) / PHOTONS)
    out = {}
    for region, mask in regions.items():
        values = unit[mask] if mask.any() else np.zeros(1)
        out[f"{name} {region} noise"] = np.log(np.median(np.abs(values)) + 1e-3)
        out[f"{name} {region} spread"] = np.log(values.std() + 1e-3)
        out[f"{name} {region} tails"] = np.log(np.percentile(np.abs(values), 95) + 1e-3)
    along, across = (np.roll(unit, 1, axis)[regions["inner"]] for axis in (0, 1))
    here = unit[regions["inner"]]
    for way, other in (("along", along), ("across", across)):
        out[f"{name} noise {way}"] = _correlation(here, other)
    return out


def _sharpness(name, plane, rim):
    tau = -np.log(np.maximum(plane, 1e-4))
    step = np.hypot(cv2.Sobel(tau, -1, 1, 0), cv2.Sobel(tau, -1, 0, 1))[rim]
    soft = cv2.GaussianBlur(tau, (0, 0), 1.5)
    coarse = np.hypot(cv2.Sobel(soft, -1, 1, 0), cv2.Sobel(soft, -1, 0, 1))[rim]
    return {
        f"{name} rim step": np.log(step.mean() + 1e-3),
        f"{name} rim step, most": np.log(np.percentile(step, 90) + 1e-3),
        f"{name} rim sharpness": np.log((step.mean() + 1e-3) / (coarse.mean() + 1e-3)),
        f"{name} rim kink": np.log(np.abs(cv2.Laplacian(tau, -1))[rim].mean() + 1e-3),
    }


def _together(part, inner):
    low, high = (cv2.filter2D(plane, -1, FINE)[inner] for plane in part)
    return {"noise of both": _correlation(low, high)}


def _bands(plane, inner):
    """Return the share of each octave in the inside's texture."""
    tau = -np.log(np.maximum(plane, 1e-4))
    layers = [tau, *(cv2.GaussianBlur(tau, (0, 0), s) for s in (0.8, 1.6, 3.2, 6.4))]
    pairs = itertools.pairwise(layers)
    steps = [np.abs(a - b)[inner].mean() if inner.any() else 0 for a, b in pairs]
    return {f"octave {n}": np.log(step + 1e-4) for n, step in enumerate(steps)}


def _matter(part, inner, rim):
    low, high = (-np.log(np.maximum(cv2.blur(plane, (3, 3)), 1e-4)) for plane in part)
    ratio = low / np.maximum(high, 0.02)
    out = {}
    for region, mask in (("inner", inner), ("rim", rim)):
        values = ratio[mask] if mask.any() else np.zeros(1)
        depth = high[mask] if mask.any() else np.zeros(1)
        out[f"ratio {region}"] = np.median(values)
        out[f"ratio {region}, least"], out[f"ratio {region}, most"] = np.percentile(values, (5, 95))
        out[f"ratio {region} by depth"] = np.median(values * np.sqrt(np.maximum(depth, 0)))
        out[f"depth {region}"] = np.median(depth)
    return out


def _correlation(a, b):
    if a.size < 8 or a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def auc(bad: np.ndarray, good: np.ndarray) -> float:
    """Return the chance that one of ``bad`` scores above one of ``good``; ties count half."""
    return float((bad[:, None] > good).mean() + 0.5 * (bad[:, None] == good).mean())


def told_apart(genuine: np.ndarray, projected: np.ndarray) -> dict[str, float]:
    """Return each judge's AUC on rows (items, figures) that it was not trained on."""
    there, back = _halves(genuine, projected), _halves(genuine[::-1], projected[::-1])
    return {name: (there[name] + back[name]) / 2 for name in there}


def artefacts(genuine: np.ndarray, other: np.ndarray) -> float:
    """Return the share of ``other`` (items, figures) with a visible artefact, by rule 4."""
    third = len(genuine) // 3
    far = _distance(genuine[:third])
    limit = np.percentile(far(genuine[third : 2 * third]), 95)
    return float((far(other[2 * third :]) > limit).mean())


def _distance(known):
    middle, spread = np.median(known, 0), np.cov(known.T)
    ridge = 1e-6 * np.trace(spread) / len(spread) * np.eye(len(spread))
    inverse = np.linalg.inv(spread + ridge)
    return lambda z: np.einsum("ij,jk,ik->i", z - middle, inverse, z - middle)


def _halves(genuine, projected):
    half = len(genuine) // 2
    x = np.concatenate([genuine[:half], projected[:half]])
    y = np.repeat([0.0, 1.0], [half, len(projected[:half])])
    middle, spread = x.mean(0), x.std(0) + 1e-9
    parts = (x, genuine[half:], projected[half:])
    scaled = [np.clip((part - middle) / spread, -6, 6) for part in parts]
    out = {}
    for name, judge in (("logistic", _logistic), ("forest", _forest)):
        score = judge(scaled[0], y)
        out[name] = auc(score(scaled[2]), score(scaled[1]))
    return out


def _logistic(x, y, ridge=3.0):
    full = np.column_stack([x, np.ones(len(x))])
    weights = np.zeros(full.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-full @ weights))
        slope = full.T @ (chance - y) + ridge * weights
        bend = (full * (chance * (1 - chance))[:, None]).T @ full + ridge * np.eye(len(weights))
        weights -= np.linalg.solve(bend, slope)
    return lambda z: np.column_stack([z, np.ones(len(z))]) @ weights


def _forest(x, y, trees=150, depth=4):
    rng = np.random.default_rng(0)
    grown = []
    for _ in range(trees):
        rows = rng.integers(0, len(x), len(x))
        grown.append(_tree(x[rows], y[rows], depth, rng))
    return lambda z: np.mean([_fall(tree, z) for tree in grown], 0)


def _tree(x, y, depth, rng):
    if depth == 0 or len(y) < 8 or y.min() == y.max():
        return float(y.mean()) if len(y) else 0.5
    best = (np.inf, 0, 0.0)
    for column in rng.choice(x.shape[1], max(1, int(np.sqrt(x.shape[1]))), replace=False):
        for cut in np.quantile(x[:, column], (0.2, 0.35, 0.5, 0.65, 0.8)):
            side = x[:, column] > cut
            if 3 < side.sum() < len(y) - 3:
                best = min(best, (_impurity(y, side), int(column), float(cut)))
    if not np.isfinite(best[0]):
        return float(y.mean())
    side = x[:, best[1]] > best[2]
    left, right = (_tree(x[s], y[s], depth - 1, rng) for s in (~side, side))
    return best[1:], left, right


def _impurity(y, side):
    return sum(len(part) * part.mean() * (1 - part.mean()) for part in (y[side], y[~side]))


def _fall(tree, z):
    if isinstance(tree, float):
        return np.full(len(z), tree)
    (column, cut), left, right = tree
    return np.where(z[:, column] > cut, _fall(right, z), _fall(left, z))
