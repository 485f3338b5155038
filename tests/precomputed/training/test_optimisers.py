import pytest
import torch

from precomputed.training.loop import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (16, 16)])
def test_orthogonalise_keeps_directions_and_levels_sizes(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    u, sizes, vt = torch.linalg.svd(matrix, full_matrices=False)
    levelled = u.T @ orthogonalise(matrix, steps=6) @ vt.T
    assert (levelled - torch.diag(levelled.diagonal())).abs().max() < 1e-3
    assert levelled.diagonal().min() > 0.6 and levelled.diagonal().max() < 1.3


def test_muon_keeps_the_norm_and_learns():
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(6, 10))
    target = torch.randn(6, 10)
    target = target * (6**0.5 / target.norm())
    optimiser = Muon([weight], 0.1, momentum=0.6, weight_decay=None)
    for k in range(120):
        optimiser.param_groups[0]["lr"] = 0.1 * (1 - k / 120)
        optimiser.zero_grad()
        (weight - target).square().sum().backward()
        optimiser.step()
    assert (weight - target).norm() < 0.3 * target.norm()
    assert weight.norm().item() == pytest.approx(6**0.5, rel=0.05)
