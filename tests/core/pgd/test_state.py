"""The best so far on its own, with losses that a run rarely meets."""

import pytest
import torch

from core.pgd.state import BestSoFar


def best_of(*losses):
    """Each point's images hold its number."""
    node = None
    for number, loss in enumerate(losses):
        node = BestSoFar(lambda loss=loss: torch.tensor(loss), torch.full((len(loss), 4), float(number)), node)
    loss, images = node.compare()
    assert torch.equal(images, images[:, :1].expand(-1, 4))
    return loss.tolist(), images[:, 0].tolist()


@pytest.mark.parametrize("most_waiting", [1, 20, 2**18])
def test_compare_passes_over_losses_that_are_no_numbers_and_keeps_the_first_of_equals(most_waiting, monkeypatch):
    monkeypatch.setattr("core.pgd.state._MOST_WAITING", most_waiting)
    assert best_of([2.0, 1.0], [torch.nan, torch.inf], [1.0, 1.0], [1.0, 3.0]) == ([1.0, 1.0], [2.0, 0.0])


def test_compare_of_one_point_gives_it():
    assert best_of([2.0, 3.0]) == ([2.0, 3.0], [0.0, 0.0])
