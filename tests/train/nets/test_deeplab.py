import pytest
import torch
from torch import nn

from thermeld.train.nets.deeplab import Depthwise


@pytest.mark.parametrize(("dilation", "size"), [(2, (6, 10)), (3, (9, 6)), (2, (7, 10))])
def test_phases_are_the_dilated_convolution(dilation, size):
    draw = torch.Generator().manual_seed(0)
    layer = Depthwise(4, 4, 3, 1, dilation, dilation=dilation, groups=4, bias=False).train()
    plain = nn.Conv2d(4, 4, 3, 1, dilation, dilation=dilation, groups=4, bias=False)
    plain.load_state_dict(layer.state_dict())
    given = torch.randn(2, 4, *size, generator=draw)
    one, other = given.clone().requires_grad_(), given.clone().requires_grad_()
    out, expected = layer(one), plain(other)
    assert torch.allclose(out, expected, atol=1e-6)
    pull = torch.randn(expected.shape, generator=draw)
    out.backward(pull)
    expected.backward(pull)
    assert torch.allclose(one.grad, other.grad, atol=1e-6)
    assert torch.allclose(layer.weight.grad, plain.weight.grad, atol=1e-4)
    assert torch.equal(layer.eval()(given), plain(given))
