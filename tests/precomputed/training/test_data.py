import pytest
import torch
from torch.nn import functional as F

from precomputed.training.data import alternating_flips, batch_indices, flip_and_shift, seeded_generator


def test_batch_indices_cover_every_image_once_an_epoch_in_another_order():
    epochs = [torch.cat([batch_indices(100, 20, epoch * 5 + k, seed) for k in range(5)]).tolist()
              for epoch, seed in ((0, 3), (1, 3), (0, 4))]  # fmt: skip
    assert all(sorted(order) == list(range(100)) for order in epochs)
    assert epochs[0] != epochs[1] and epochs[0] != epochs[2]


def test_alternating_flips_show_both_sides_in_two_epochs():
    first, second = (alternating_flips(torch.arange(1000), 1000, epoch, seed=0) for epoch in (0, 1))
    assert torch.equal(first, ~second)
    assert 400 < int(first.sum()) < 600


@pytest.mark.parametrize("shift", [0, 2])
def test_flip_and_shift_agrees_with_a_slow_twin(shift):
    images, flips = torch.rand(6, 3, 8, 8), torch.tensor([True, False] * 3)
    result = flip_and_shift(images, flips, shift, seeded_generator(1))
    shifts = torch.randint(2 * shift + 1, (2, 6), generator=seeded_generator(1))
    for k, (row, column) in enumerate(shifts.T.tolist()):
        image = images[k].flip(-1) if flips[k] else images[k]
        padded = F.pad(image, (shift,) * 4, mode="reflect")
        assert torch.equal(result[k], padded[:, row : row + 8, column : column + 8])
