from math import isnan

import numpy as np
import pytest

from thermeld.errors import UnknownName
from thermeld.metrics import CONVENTIONS, score
from thermeld.metrics.scoring import Triple, names_in
from thermeld.registry import METRICS, find_metric


@pytest.fixture
def images(rng):
    return [rng.integers(0, 256, (40, 44), dtype=np.uint8) for _ in range(3)]


def test_all_metrics_in_their_own_default_convention(images):
    found = score(*images)
    assert list(found) == list(METRICS)
    assert found["SD"] == score(*images, metrics=["SD"], convention="tang")["SD"]
    assert found["EI"] == score(*images, metrics=["EI"], convention="vifb")["EI"]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_convention_alone_means_all_that_exist_in_it(images, convention):
    found = score(*images, convention=convention)
    assert list(found) == names_in(convention)
    assert all(convention in METRICS[name].card.conventions for name in found)
    assert len(found) >= 6


def test_names_come_back_as_asked_for_and_in_that_order(images):
    found = score(*images, metrics=["VIFF", "Entropy", "EN"], convention="cddfuse")
    assert list(found) == ["VIFF", "Entropy", "EN"]
    assert found["Entropy"] == found["EN"]


def test_lists_are_images_too():
    assert score([[0.0, 1.0]], [[0.0, 1.0]], [[0.0, 1.0]], metrics=["EN"]) == {"EN": 1.0}


def test_a_wrong_metric_says_the_right_one(images):
    with pytest.raises(UnknownName, match="did you mean 'Qabf'"):
        score(*images, metrics=["Qab"])


def test_a_wrong_convention_says_the_right_one(images):
    with pytest.raises(UnknownName, match="did you mean 'vifb'"):
        score(*images, convention="vifbb")


def test_a_metric_outside_the_convention_says_where_it_exists(images):
    with pytest.raises(UnknownName, match="no convention of Qcb named 'tang'; known: vifb"):
        score(*images, metrics=["Qcb"], convention="tang")


def test_ten_metrics_measure_an_image_once(images, monkeypatch):
    """The point of a triple: what several metrics need is worked out a single time."""
    from thermeld.metrics import structure

    calls = []
    smoothed = structure.smoothed
    monkeypatch.setattr(structure, "smoothed", lambda *args: calls.append(1) or smoothed(*args))
    triple = Triple(*images)
    first = triple.measure(find_metric("SSIM"), "tang")
    seen = len(calls)
    assert triple.measure(find_metric("SSIM"), "vifb") != first
    assert len(calls) == seen > 0


def test_colour_counts_per_channel_in_vifb_and_as_gray_in_tang(rng):
    ir, vis, fused = (rng.integers(0, 256, (24, 24, 3), dtype=np.uint8) for _ in range(3))
    asked = {"metrics": ["EN"], "convention": "vifb"}
    channels = (score(ir[..., k], vis[..., k], fused[..., k], **asked)["EN"] for k in range(3))
    assert score(ir, vis, fused, **asked)["EN"] == pytest.approx(np.mean(list(channels)))
    gray = np.rint(fused @ [0.298936021293775, 0.587043074451121, 0.114020904255103])
    assert score(ir, vis, fused, metrics=["SD"])["SD"] == pytest.approx(gray.std())


def test_one_channel_stands_for_all_three(rng):
    ir = rng.integers(0, 256, (24, 24), dtype=np.uint8)
    vis, fused = (rng.integers(0, 256, (24, 24, 3), dtype=np.uint8) for _ in range(2))
    alone = score(ir, vis, fused, convention="vifb")
    assert alone == score(np.dstack([ir] * 3), vis, fused, convention="vifb")
    assert not any(isnan(value) for value in alone.values())
