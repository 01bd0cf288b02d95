"""Loss terms against values worked by hand, and against the metric of the same name."""

from math import exp, log

import numpy as np
import pytest
import torch
from torch import tensor
from torch.nn import functional as F

from thermeld.metrics import score
from thermeld.train.layers.gradient import laplacian, sobel_magnitude, sobel_sum
from thermeld.train.losses import adversarial, content, mean_squared_error, total
from thermeld.train.losses.saliency import contrast_saliency, pixel_weights, target_mask
from thermeld.train.losses.segmentation import (
    dice,
    hard_cross_entropy,
    overlap_terms,
    semantic_terms,
)
from thermeld.train.losses.structure import mixed_similarity, ssim


def plane(rows):
    return tensor(rows, dtype=torch.float32)[None, None]


def flat(value, height=12, width=12):
    return torch.full((1, 1, height, width), value)


@pytest.fixture
def levels(rng):
    """Infrared, visible and fused as 8-bit levels that resemble one another."""
    base = rng.integers(0, 200, (24, 30))
    return tuple((base + rng.integers(0, 56, base.shape)).astype(np.uint8) for _ in range(3))


def units(levels):
    return tuple(torch.from_numpy(image / 255.0)[None, None] for image in levels)


def test_mean_squared_error_by_hand():
    answer = tensor([[0.0, 1.0], [2.0, 3.0]], dtype=torch.bfloat16)
    assert mean_squared_error(answer, torch.ones(2, 2)).item() == pytest.approx(1.5)


def test_mean_squared_error_is_the_metric(levels):
    ir, vis, fused = units(levels)
    ours = (mean_squared_error(fused, ir) + mean_squared_error(fused, vis)) / 2
    assert ours.item() == pytest.approx(measured(levels, "MSE", "tang"), rel=1e-4)


def test_total_is_the_weighted_sum():
    terms = {"near": tensor(2.0), "far": tensor(3.0)}
    assert total(terms, {"near": 0.5, "far": 10.0}).item() == pytest.approx(31.0)


def measured(levels, name, convention):
    (value,) = score(*levels, metrics=[name], convention=convention).values()
    return value


def test_ssim_is_the_metric(levels):
    ir, vis, fused = units(levels)
    wanted = measured(levels, "SSIM", "vifb")
    assert (ssim(fused, ir) + ssim(fused, vis)).item() == pytest.approx(wanted, abs=1e-6)


def test_ssim_of_flat_images_by_hand():
    """Only means differ: (2 m n + c1) / (m^2 + n^2 + c1)."""
    wanted = (2 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4)
    assert ssim(flat(0.2).double(), flat(0.6).double()).item() == pytest.approx(wanted, rel=1e-4)


def test_mixed_similarity_of_flat_images_by_hand():
    """In the middle, 16 pixels from any border: 200 (0.025 (1 - l) + 0.975 |m - n|)."""
    wide = [flat(value, 67, 67).double() for value in (0.2, 0.6)]
    weighed = mixed_similarity(*wide, scales=(0.5,))
    whole = 1 - (2 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4)
    border = 4 * 66 / 67**2  # the outermost pixels lose up to 12 % of their window
    wanted = 200 * (0.025 * whole + 0.975 * 0.4)
    assert weighed.item() == pytest.approx(wanted, rel=border)
    assert mixed_similarity(wide[0], wide[0]).item() == pytest.approx(0, abs=1e-9)


def test_gradients_of_a_step_by_hand():
    step = plane([[0, 0, 1, 1]] * 5)
    assert sobel_sum(step)[0, 0, 2].tolist() == [0, 4, 4, 4]  # the right border falls to zero
    assert laplacian(step)[0, 0, 2].tolist() == [0, 1, -1, -1]
    assert sobel_magnitude(step)[0, 0, 2, 1:3].tolist() == pytest.approx([0.5, 0.5], abs=1e-4)


def test_strongest_terms_by_hand():
    """The fused image misses the brighter source by 0.1 everywhere, edges only at the border."""
    ir, vis, fused = flat(0.2), flat(0.6), flat(0.5)
    terms = content.strongest(fused, ir, vis)
    assert terms["intensity"].item() == pytest.approx(0.1)
    wanted = 0.1 * sobel_sum(flat(1.0)).mean()
    assert terms["texture"].item() == pytest.approx(wanted.item(), rel=1e-5)
    same = content.strongest_and_similar(ir, ir, ir)
    assert sum(same.values()).item() == pytest.approx(0, abs=1e-6)


def test_reconstruction_by_hand():
    terms = content.reconstruction(flat(0.2), flat(0.6))
    assert terms["pixels"].item() == pytest.approx(0.16)
    assert terms["structure"].item() == pytest.approx(1 - 0.2401 / 0.4001, rel=1e-3)


def test_progressive_weight_rises_and_stays():
    rises = [content.progressive(t, start=5, end=9, top=0.8) for t in (0, 5, 7, 9, 20)]
    assert rises == pytest.approx([0, 0, 0.4, 0.8, 0.8])


SPOT = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]  # its Laplacian is -4 there and 1 beside it: squares 20


def test_gan_contents_by_hand():
    fused, zero, half = plane(SPOT), torch.zeros(1, 1, 3, 3), torch.full((1, 1, 3, 3), 0.5)
    simple = content.fusiongan(fused, half, zero)
    assert simple["intensity"].item() == pytest.approx(0.25)
    assert simple["gradient"].item() == pytest.approx(20 / 9)
    assert content.two_layer(fused, zero, gradients=True).item() == pytest.approx(20 / 9)
    assert content.two_layer(fused, half, gradients=False).item() == pytest.approx(0.25)
    terms = content.ganmcc(fused, zero, fused)
    wanted = {"ir": 1 / 9, "vis": 0, "vis_gradient": 0, "ir_gradient": 20 / 9}
    assert {key: value.item() for key, value in terms.items()} == pytest.approx(wanted)
    whole = total(terms, content.GANMCC).item()
    assert whole == pytest.approx(100 * (1 / 9 + 4 * 20 / 9), rel=1e-5)
    dual = content.ddcgan(fused, zero, zero)
    assert dual["intensity"].item() == pytest.approx(1.0)
    assert dual["gradient"].item() == pytest.approx(2.0)  # 1 in the middle, 8 times 1/8


def test_sdnet_gradients_follow_the_steeper_source():
    spot, zero = plane(SPOT), torch.zeros(1, 1, 3, 3)
    follows = content.sdnet(spot, spot, zero, ir_back=spot, vis_back=zero)
    assert follows["gradient"].item() == pytest.approx(0)
    assert (follows["ir"].item(), follows["back"].item()) == (0, 0)
    misses = content.sdnet(zero, spot, zero, ir_back=zero, vis_back=zero)
    assert misses["gradient"].item() == pytest.approx(20 / 9)
    assert misses["back"].item() == pytest.approx(1 / 9)


def test_u2fusion_weighs_by_information():
    features = [plane([[0, 0, 0], [0, 8, 0], [0, 0, 0]])]  # -8, and 1 around: squares 64 + 8
    found = content.information(features)
    assert found.tolist() == pytest.approx([8.0])
    shares = content.information_shares(found, torch.zeros(1), scale=8.0)
    assert shares[0].tolist() == pytest.approx([exp(1) / (exp(1) + 1), 1 / (exp(1) + 1)])
    terms = content.u2fusion(flat(0.5), (flat(0.5), flat(0.7)), tensor([[0.75, 0.25]]))
    assert terms["pixels"].item() == pytest.approx(0.25 * 0.04)
    wanted = 0.25 * (1 - (0.7 + 1e-4) / (0.25 + 0.49 + 1e-4))
    assert terms["structure"].item() == pytest.approx(wanted, rel=1e-2)


def test_tardal_contents_by_hand():
    """Flat sources stand out nowhere, so both weigh one half."""
    terms = content.tardal_first(flat(0.5), flat(0.5), flat(0.9))
    assert terms["pixels"].item() == pytest.approx(0.5 * 0.4)
    assert 0 < terms["structure"].item() < 0.5
    same = flat(0.5)
    assert content.tardal(same, same, same).item() == pytest.approx(0, abs=1e-3)
    assert content.tardal(same, same, flat(0.9)).item() > 1


def test_decomposition_and_features_by_hand():
    terms = content.defusion({"common": flat(0.5), "fused": flat(1.0)}, {"common": flat(0.2)})
    assert {key: value.item() for key, value in terms.items()} == pytest.approx({"common": 0.3})
    pair = [flat(0.0), flat(1.0)], [flat(0.5), flat(0.0)]
    assert content.perceptual(*pair).item() == pytest.approx(0.25 + 1)


def test_defusion_shares_by_hand():
    assert content.defusion_shares(2999) == (0, 0)
    assert content.defusion_shares(3500) == (pytest.approx(0.15 / 4), 0)
    assert content.defusion_shares(17_000) == (pytest.approx(0.15), pytest.approx(0.25))
    assert content.defusion_shares(50_000) == (pytest.approx(0.015), pytest.approx(1))


def test_contrast_saliency_by_hand():
    """Three pixels at 0 and one at 1: 255 from one other, and from three others."""
    found = contrast_saliency(plane([[0, 0], [0, 1]]))
    assert found[0, 0].tolist() == [[0, 0], [0, 1]]
    middle = contrast_saliency(plane([[0, 0, 0, 51 / 255, 1.0]]))  # 306, 306, 306, 357, 969
    assert middle[0, 0, 0].tolist() == pytest.approx([0, 0, 0, 51 / 663, 1])
    assert contrast_saliency(flat(0.3)).abs().sum() == 0


def test_weights_sum_to_one_and_masks_mark_what_is_hot():
    draw = torch.Generator().manual_seed(0)
    ir, vis = torch.rand(2, 1, 16, 18, generator=draw), torch.rand(2, 1, 16, 18, generator=draw)
    assert torch.allclose(sum(pixel_weights(ir, vis)), torch.ones_like(ir))
    scene = 0.2 + 0.02 * ir
    scene[:, :, 5:11, 5:12] = 0.95
    mask = target_mask(scene)
    assert mask[:, :, 8, 8].min() > 0.5
    assert mask[:, :, :2].max() == 0


def test_wasserstein_games_by_hand():
    real, fake = tensor([[1.0], [3.0]]), tensor([[0.0], [1.0]])
    assert adversarial.wasserstein_critic(real, fake).item() == pytest.approx(-1.5)
    assert adversarial.wasserstein_generator(fake).item() == pytest.approx(-0.5)
    images = torch.rand(2, 1, 2, 2)
    penalty = adversarial.divergence_penalty(
        lambda x: 0.5 * x.sum((1, 2, 3)), images, 1 - images, mixture=torch.rand(2, 1, 1, 1)
    )
    assert penalty.item() == pytest.approx(2.0, rel=1e-4)  # |(0.5, 0.5, 0.5, 0.5)| = 1


def test_label_games_by_hand():
    one, half = tensor([[1.0]]), tensor([[0.5]])
    assert adversarial.squared_to(half, 0.8).item() == pytest.approx(0.09)
    both = adversarial.squared_critic(one, half, real_label=0.8, fake_label=0.2)
    assert both.item() == pytest.approx(0.04 + 0.09)
    drawn = adversarial.soft_labels(
        torch.zeros(999, 1), adversarial.REAL, torch.Generator().manual_seed(0)
    )
    assert (drawn.min() >= 0.7) & (drawn.max() <= 1.2) & (drawn.std() > 0.1)


def test_modality_games_by_hand():
    near, far = tensor([[1.0, 1.0]]), tensor([[0.0, 0.0]])
    perfect = {"vis": tensor([[1.0, 0.0]]), "ir": tensor([[0.0, 1.0]]), "fused": far}
    assert adversarial.modality_critic(**perfect, near=near, far=far).item() == 0
    blind = dict.fromkeys(perfect, tensor([[0.5, 0.5]]))
    assert adversarial.modality_critic(**blind, near=near, far=far).item() == pytest.approx(1.5)
    assert adversarial.modality_generator(tensor([[0.5, 0.0]]), near).item() == pytest.approx(1.25)


def test_log_games_by_hand():
    half, tenth = tensor([[0.5]]), tensor([[0.1]])
    assert adversarial.log_critic(half, tenth).item() == pytest.approx(-log(0.5) - log(0.9))
    assert adversarial.log_generator(half, tenth).item() == pytest.approx(-log(0.5) - log(0.1))


def logits_for(shares):
    """Two-class logits whose softmax gives the second class these shares."""
    odds = tensor(shares).logit()
    return torch.stack([torch.zeros_like(odds), odds])[None, :, None]


def test_hard_pixels_by_hand():
    logits, labels = logits_for([0.9, 0.8, 0.5, 0.2]), torch.ones(1, 1, 4, dtype=torch.long)
    losses = [-log(share) for share in (0.2, 0.5, 0.8, 0.9)]
    found = hard_cross_entropy(logits, labels, least=0.25)  # two lie over -log 0.7
    assert found.item() == pytest.approx(sum(losses[:2]) / 2)
    for least, wanted in ((0.75, sum(losses[:3]) / 3), (1.0, sum(losses) / 4)):
        assert hard_cross_entropy(logits, labels, least=least).item() == pytest.approx(wanted)
    plain = hard_cross_entropy(logits, labels, least=1.0)
    assert plain.item() == pytest.approx(F.cross_entropy(logits, labels).item())
    terms = semantic_terms(logits, logits, labels, least=0.25)
    assert terms["main"].item() == terms["auxiliary"].item() == pytest.approx(found.item())


def test_ignored_pixels_neither_count_nor_dilute():
    logits = logits_for([0.9, 0.8, 0.5, 0.2]).requires_grad_()
    some, none = tensor([[[255, 1, 1, 255]]]), torch.full((1, 1, 4), 255)
    wanted = (-log(0.8) - log(0.5)) / 2
    assert hard_cross_entropy(logits, some, least=1.0).item() == pytest.approx(wanted)
    assert hard_cross_entropy(logits, some, least=0.0).item() == pytest.approx(-log(0.5))
    nothing = hard_cross_entropy(logits, none, least=0.3)
    nothing.backward()
    assert nothing.item() == 0
    assert not logits.grad.any()


def test_overlap_by_hand():
    """Shares 0.8 and 0.4 of class 1, labels 1 and 0; a third pixel is ignored."""
    logits, labels = logits_for([0.8, 0.4, 0.1]), tensor([[[1, 0, 255]]])
    scores = [2 * 0.6 / (0.2 + 0.6 + 1), 2 * 0.8 / (0.8 + 0.4 + 1)]
    assert dice(logits, labels).item() == pytest.approx(1 - sum(scores) / 2, rel=1e-4)
    entropy = overlap_terms(logits, labels)["entropy"].item()
    assert entropy == pytest.approx((-log(0.8) - log(0.6)) / 2)
    ignored = torch.full_like(labels, 255)
    assert overlap_terms(logits, ignored)["entropy"].item() == 0
    assert F.cross_entropy(logits, labels, ignore_index=255).item() == pytest.approx(entropy)
