"""Mass attenuation of the elements that goods, shielding and scintillators are made of.

1. Values are µ/ρ in cm²/g with coherent scattering, four figures, as in Hubbell and Seltzer,
   "Tables of X-Ray Mass Attenuation Coefficients", NIST (agrees with XCOM and Elam et al. 2002).
2. Between table energies log µ/ρ is linear in log E. A K edge inside the table adds two points,
   just below and just above it.
3. A mixture adds its elements by weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TABLE_KEV = (15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0, 200.0)
MASS_ATTENUATION: Mapping[str, tuple[float, ...]] = {
    "H": (0.3765, 0.3695, 0.357, 0.3458, 0.3355, 0.326, 0.3091, 0.2944, 0.2651, 0.2429),
    "C": (0.8074, 0.442, 0.2562, 0.2076, 0.1871, 0.1753, 0.161, 0.1514, 0.1347, 0.1229),
    "N": (1.236, 0.6179, 0.3067, 0.2288, 0.198, 0.1817, 0.1639, 0.1529, 0.1353, 0.1233),
    "O": (1.836, 0.8653, 0.3779, 0.2585, 0.2133, 0.1907, 0.1679, 0.1551, 0.1361, 0.1237),
    "Na": (4.694, 2.057, 0.7199, 0.3969, 0.2804, 0.2268, 0.1796, 0.1585, 0.1335, 0.1199),
    "Al": (7.955, 3.442, 1.128, 0.5684, 0.3682, 0.2778, 0.2018, 0.1704, 0.1378, 0.1223),
    "Si": (10.34, 4.463, 1.436, 0.701, 0.4385, 0.3206, 0.2228, 0.1835, 0.1448, 0.1275),
    "Cl": (17.84, 7.74, 2.426, 1.116, 0.6484, 0.4394, 0.2696, 0.205, 0.148, 0.1266),
    "Ca": (29.79, 13.06, 4.08, 1.83, 1.019, 0.6579, 0.3655, 0.2571, 0.1674, 0.1376),
    "Ti": (35.87, 15.85, 4.972, 2.214, 1.213, 0.7661, 0.4052, 0.2721, 0.1649, 0.1314),
    "Cr": (45.72, 20.38, 6.435, 2.855, 1.551, 0.964, 0.4905, 0.3166, 0.1788, 0.1378),
    "Fe": (57.09, 25.68, 8.177, 3.629, 1.957, 1.205, 0.5952, 0.3717, 0.1964, 0.1461),
    "Ni": (70.81, 32.2, 10.34, 4.6, 2.475, 1.511, 0.7306, 0.4439, 0.2208, 0.1582),
    "Cu": (74.05, 33.8, 10.91, 4.861, 2.613, 1.593, 0.763, 0.4585, 0.2217, 0.1559),
    "Zn": (81.18, 37.2, 12.07, 5.384, 2.893, 1.761, 0.8367, 0.4974, 0.2342, 0.1618),
    "Sn": (46.65, 21.46, 41.22, 19.43, 10.7, 6.566, 3.029, 1.677, 0.6092, 0.3261),
    "I": (55.12, 25.43, 8.562, 22.1, 12.32, 7.577, 3.51, 1.942, 0.6978, 0.3663),
    "Cs": (61.06, 28.22, 9.51, 23.8, 13.4, 8.25, 3.836, 2.124, 0.759, 0.3941),
    "Pb": (111.6, 86.37, 30.32, 14.36, 8.042, 5.02, 2.42, 5.549, 2.015, 0.9987),
}
# K edges: keV, µ/ρ just below, µ/ρ just above.
K_EDGES: Mapping[str, tuple[float, float, float]] = {
    "Sn": (29.2001, 7.766, 43.57),
    "I": (33.1694, 6.557, 35.81),
    "Cs": (35.9846, 5.866, 31.42),
    "Pb": (88.0045, 1.910, 7.681),
}
ATOMIC_MASS: Mapping[str, float] = {
    "H": 1.008,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "Na": 22.990,
    "Al": 26.982,
    "Si": 28.085,
    "Cl": 35.45,
    "Ca": 40.078,
    "Ti": 47.867,
    "Cr": 51.996,
    "Fe": 55.845,
    "Ni": 58.693,
    "Cu": 63.546,
    "Zn": 65.38,
    "Sn": 118.71,
    "Pb": 207.2,
}
ATOMIC_NUMBER: Mapping[str, int] = {
    "H": 1,
    "C": 6,
    "N": 7,
    "O": 8,
    "Na": 11,
    "Al": 13,
    "Si": 14,
    "Cl": 17,
    "Ca": 20,
    "Ti": 22,
    "Cr": 24,
    "Fe": 26,
    "Ni": 28,
    "Cu": 29,
    "Zn": 30,
    "Sn": 50,
    "Pb": 82,
}


@cache
def _curve(element: str) -> tuple[Floats, Floats]:
    kev, mu = list(TABLE_KEV), list(MASS_ATTENUATION[element])
    if element in K_EDGES:
        edge, below, above = K_EDGES[element]
        at = int(np.searchsorted(TABLE_KEV, edge))
        kev[at:at] = [edge - 1e-6, edge]
        mu[at:at] = [below, above]
    return np.log(kev), np.log(mu)


def mass_attenuation(element: str, kev: Floats) -> Floats:
    """Return µ/ρ of ``element`` in cm²/g at each of ``kev``, which must lie in 15–200."""
    if element not in MASS_ATTENUATION:
        raise KeyError(f"no attenuation table for {element!r}; add it from NIST's tables")
    if np.any(kev < TABLE_KEV[0]) or np.any(kev > TABLE_KEV[-1]):
        raise ValueError(f"energies must lie in {TABLE_KEV[0]}–{TABLE_KEV[-1]} keV")
    log_kev, log_mu = _curve(element)
    found: Floats = np.exp(np.interp(np.log(kev), log_kev, log_mu))
    return found


def mixture_attenuation(weights: Mapping[str, float], kev: Floats) -> Floats:
    """Return µ/ρ in cm²/g of a mixture given by weight fractions."""
    total = np.zeros_like(kev)
    for element, weight in weights.items():
        total += weight * mass_attenuation(element, kev)
    return total
