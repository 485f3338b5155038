import torch

from core.training.data import (
    alternating_flips,
    batch_indices,
    flip_and_shift,
    seeded_generator,
    to_unit_range,
)


def test_batch_indices_cover_every_image_once_an_epoch():
    for epoch in (0, 1):
        seen = torch.cat([batch_indices(100, 20, epoch * 5 + k, seed=3) for k in range(5)])
        assert sorted(seen.tolist()) == list(range(100))


def test_batch_indices_differ_between_epochs_and_seeds():
    one = batch_indices(100, 50, 0, seed=3)
    assert not torch.equal(one, batch_indices(100, 50, 2, seed=3))
    assert not torch.equal(one, batch_indices(100, 50, 0, seed=4))


def test_alternating_flips_show_both_sides_in_two_epochs():
    indices = torch.arange(1000)
    first, second = (alternating_flips(indices, 1000, epoch, seed=0) for epoch in (0, 1))
    assert torch.equal(first, ~second)
    assert 400 < int(first.sum()) < 600


def test_flip_and_shift_agrees_with_a_slow_twin():
    images = torch.rand(6, 3, 8, 8)
    flips = torch.tensor([True, False] * 3)
    found = flip_and_shift(images, flips, 2, seeded_generator(1))
    padded = torch.nn.functional.pad(torch.stack([i.flip(-1) if f else i for i, f in zip(images, flips, strict=True)]),
                                     (2, 2, 2, 2), mode="reflect")  # fmt: skip
    moves = torch.randint(5, (2, 6), generator=seeded_generator(1))
    for k in range(6):
        row, column = moves[:, k].tolist()
        assert torch.equal(found[k], padded[k, :, row : row + 8, column : column + 8])


def test_flip_and_shift_by_nothing_returns_the_images():
    images = torch.rand(2, 3, 8, 8)
    still = torch.tensor([False, False])
    assert torch.equal(flip_and_shift(images, still, 0, seeded_generator(1)), images)


def test_to_unit_range_reaches_both_ends():
    images = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 2, 2)
    assert to_unit_range(images).flatten(1).mean(1).tolist() == [0, 1]
