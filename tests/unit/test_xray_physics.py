"""Attenuation, spectra and materials against published figures."""

import numpy as np
import pytest

from models.xray.attenuation import MASS_ATTENUATION, TABLE_KEV, mass_attenuation
from models.xray.materials import MATERIALS
from models.xray.spectrum import (
    KEV,
    areal_for,
    binned_attenuation,
    bins,
    depth_from_bins,
    optical_depth,
    responses,
)

# NIST, Hubbell and Seltzer: element, keV, µ/ρ in cm²/g. Typed from the tables, not from ours.
NIST = [
    ("H", 60, 0.3260),
    ("C", 30, 0.2562),
    ("O", 100, 0.1551),
    ("Al", 60, 0.2778),
    ("Fe", 100, 0.3717),
    ("Cu", 80, 0.7630),
    ("I", 50, 12.32),
    ("Pb", 150, 2.014),
]
# R = τ_low / τ_high at τ_high 0.3 and 3, 160 kVp, thin CsI / Cu / thick CsI, as published.
RATIOS = [
    ("polyethylene", 1.21, 1.17),
    ("explosive", 1.27, 1.20),
    ("water", 1.37, 1.24),
    ("aluminium", 2.10, 1.42),
    ("iron", 3.32, 1.60),
    ("lead", 2.11, 1.30),
]


@pytest.mark.parametrize(("element", "kev", "expected"), NIST)
def test_elements_agree_with_nist(element, kev, expected):
    assert mass_attenuation(element, np.array([float(kev)]))[0] == pytest.approx(expected, rel=2e-3)


def test_water_agrees_with_nist_as_a_mixture():
    # NIST lists liquid water as a compound: 0.2059 at 60 keV, 0.1707 at 100 keV.
    water = MATERIALS["water"].attenuation(np.array([60.0, 100.0]))
    assert water == pytest.approx([0.2059, 0.1707], rel=3e-3)


def test_k_edge_of_lead_is_a_jump():
    below, above = mass_attenuation("Pb", np.array([87.99, 88.01]))
    assert below == pytest.approx(1.91, rel=0.01)
    assert above == pytest.approx(7.683, rel=0.01)


@pytest.mark.parametrize("element", MASS_ATTENUATION)
def test_interpolation_returns_the_table_at_its_own_energies(element):
    found = mass_attenuation(element, np.array(TABLE_KEV))
    assert found == pytest.approx(MASS_ATTENUATION[element], rel=1e-9)


def test_unknown_elements_and_energies_are_refused():
    with pytest.raises(KeyError, match="Xx"):
        mass_attenuation("Xx", np.array([60.0]))
    with pytest.raises(ValueError, match="keV"):
        mass_attenuation("Al", np.array([5.0]))


@pytest.mark.parametrize(("name", "thin", "thick"), RATIOS)
def test_dual_energy_ratio_follows_the_published_curve(name, thin, thick):
    material = MATERIALS[name]
    for tau_high, expected in ((0.3, thin), (3.0, thick)):
        low, high = optical_depth(material, areal_for(material, tau_high))
        assert high == pytest.approx(tau_high, rel=2e-3)
        assert low / high == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("name", MATERIALS)
def test_eight_bins_stand_in_for_the_spectrum(name):
    material = MATERIALS[name]
    for tau_high in (0.1, 0.5, 1.5, 3.0):
        areal = areal_for(material, tau_high)
        short = depth_from_bins((binned_attenuation(name) * areal).astype(np.float32)[:, None])
        assert short[:, 0] == pytest.approx(optical_depth(material, areal), rel=0.06)


def test_beam_hardening_makes_the_second_centimetre_cost_less():
    _, high = optical_depth(MATERIALS["iron"], np.array([7.87, 15.74]))
    assert high[0] < high[1] < 2 * high[0]


def test_weights_are_shares():
    assert responses().sum(1) == pytest.approx(1)
    assert bins()[0].sum(1) == pytest.approx(1)
    assert (responses() @ KEV)[0] < (responses() @ KEV)[1]
    for material in MATERIALS.values():
        assert sum(material.weights.values()) == pytest.approx(1)


def test_independent_tables_agree():
    xraydb = pytest.importorskip("xraydb", reason="the oracle xraydb is not installed")
    for element in MASS_ATTENUATION:
        ours = mass_attenuation(element, np.array([25.0, 45.0, 70.0, 120.0]))
        theirs = [xraydb.mu_elam(element, kev * 1000) for kev in (25, 45, 70, 120)]
        assert ours == pytest.approx(theirs, rel=0.05)  # log–log between table rows
