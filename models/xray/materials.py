"""What goods are made of: density and composition by weight.

Compositions are those of the pure compound or the common grade; a bag holds mixtures, so a material
stands for a family (cotton for all fabric, epoxy board for all electronics).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.xray.attenuation import ATOMIC_MASS, ATOMIC_NUMBER, mixture_attenuation

# Mayneord's power; with it water is 7.42 and polyethylene 5.44, as the literature has them.
POWER = 2.94


@dataclass(frozen=True, slots=True)
class Material:
    """One material: ``density`` in g/cm³, ``weights`` by element, summing to one."""

    name: str
    density: float
    weights: Mapping[str, float] = field(hash=False)

    def attenuation(self, kev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mass attenuation in cm²/g at each energy."""
        return mixture_attenuation(self.weights, kev)

    @property
    def zeff(self) -> float:
        """Return the effective atomic number: the mean of Z^2.94 over its electrons, rooted."""
        electrons = {
            element: weight * ATOMIC_NUMBER[element] / ATOMIC_MASS[element]
            for element, weight in self.weights.items()
        }
        total = sum(electrons.values())
        powers = sum(n * ATOMIC_NUMBER[element] ** POWER for element, n in electrons.items())
        return float((powers / total) ** (1 / POWER))


def compound(name: str, density: float, **atoms: float) -> Material:
    """Return the material of a chemical formula: ``compound("water", 1.0, H=2, O=1)``."""
    mass = {element: count * ATOMIC_MASS[element] for element, count in atoms.items()}
    total = sum(mass.values())
    return Material(name, density, {element: part / total for element, part in mass.items()})


def blend(name: str, density: float, **parts: float) -> Material:
    """Return the material of weight fractions by element, as brass: ``Cu=0.63, Zn=0.37``."""
    total = sum(parts.values())
    return Material(name, density, {element: part / total for element, part in parts.items()})


_ALL = (
    compound("polyethylene", 0.94, C=1, H=2),
    compound("nylon", 1.14, C=6, H=11, N=1, O=1),
    compound("pvc", 1.40, C=2, H=3, Cl=1),
    compound("cotton", 0.35, C=6, H=10, O=5),
    compound("paper", 0.80, C=6, H=10, O=5),
    compound("wood", 0.60, C=6, H=9, O=4),
    compound("leather", 0.90, C=102, H=151, N=31, O=39),
    compound("water", 1.00, H=2, O=1),
    compound("sugar", 1.20, C=12, H=22, O=11),
    compound("salt", 1.30, Na=1, Cl=1),
    compound("explosive", 1.50, C=17, H=21, N=1, O=4),
    blend("rdx", 1.70, C=0.162, H=0.027, N=0.378, O=0.433),
    blend("glass", 2.50, Si=0.337, O=0.460, Na=0.096, Ca=0.107),
    compound("ceramic", 2.40, Al=2, Si=2, O=7),
    blend("circuit_board", 1.90, C=0.28, H=0.03, O=0.31, Si=0.18, Ca=0.06, Cu=0.12, Al=0.02),
    compound("aluminium", 2.70, Al=1),
    compound("titanium", 4.51, Ti=1),
    compound("iron", 7.87, Fe=1),
    blend("stainless", 7.90, Fe=0.70, Cr=0.19, Ni=0.11),
    compound("copper", 8.96, Cu=1),
    blend("brass", 8.50, Cu=0.63, Zn=0.37),
    compound("zinc", 6.60, Zn=1),
    blend("solder", 8.50, Sn=0.63, Pb=0.37),
    compound("tin", 7.29, Sn=1),
    compound("lead", 11.34, Pb=1),
)
MATERIALS: Mapping[str, Material] = {material.name: material for material in _ALL}
