import pytest
import torch

from thermeld.train.losses import mean_squared_error, total


def test_mean_squared_error_by_hand():
    answer = torch.tensor([[0.0, 1.0], [2.0, 3.0]], dtype=torch.bfloat16)
    assert mean_squared_error(answer, torch.ones(2, 2)).item() == pytest.approx(1.5)


def test_total_is_the_weighted_sum():
    terms = {"near": torch.tensor(2.0), "far": torch.tensor(3.0)}
    assert total(terms, {"near": 0.5, "far": 10.0}).item() == pytest.approx(31.0)
