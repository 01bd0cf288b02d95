import numpy as np
import pytest

from thermeld.methods.pcnn import TURNS, adapted, firings, otsu


def test_otsu_parts_two_crowds_between_them():
    values = np.concatenate([np.full(50, 40 / 255), np.full(70, 200 / 255)]).reshape(10, 12)
    assert otsu(values) == pytest.approx(np.mean(np.arange(40, 200)) / 255)
    assert otsu(np.full((4, 4), 0.5)) == 0.0


def test_a_weak_band_never_fires():
    weak = np.full((6, 6), 1e-4)
    assert adapted(weak) is None
    assert not firings(weak).any()


def test_stronger_neurons_fire_more_often(rng):
    band = np.abs(rng.standard_normal((40, 40))) * 0.05
    band[10:20, 10:20] += 0.4
    counts = firings(band)
    assert counts.max() <= TURNS
    assert counts[10:20, 10:20].mean() > counts[25:, 25:].mean() + 1


def test_firings_follow_the_equations_written_out(rng):
    band = np.abs(rng.standard_normal((9, 11))) * 0.2
    memory, linking, decay, jump = adapted(band)
    weights = np.array([[0.5, 1, 0.5], [1, 0, 1], [0.5, 1, 0.5]])
    gathered, fired = np.zeros_like(band), np.zeros_like(band)
    threshold, total = np.ones_like(band), np.zeros_like(band)
    for _ in range(TURNS):
        wide = np.pad(fired, 1)
        around = sum(
            weights[i, j] * wide[i : i + 9, j : j + 11] for i in range(3) for j in range(3)
        )
        gathered = memory * gathered + band * (1 + linking * around)
        fired = (gathered > threshold).astype(float)
        threshold = decay * threshold + jump * fired
        total += fired
    np.testing.assert_array_equal(firings(band), total)
