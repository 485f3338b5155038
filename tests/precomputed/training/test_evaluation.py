import torch

from precomputed.training.data import LabelledImages
from precomputed.training.loop import Accuracy, Attack, clean_accuracy, robust_accuracy


class TwoPixels(torch.nn.Module):
    """Predicts class 1 if the first pixel is brighter than the second; its robustness is known."""

    def forward(self, images):
        gap = images[:, 0, 0, 0] - images[:, 0, 0, 1]
        return torch.stack([-gap, gap], dim=1)


def pairs(*gaps: int) -> LabelledImages:
    images = torch.full((len(gaps), 3, 4, 4), 100, dtype=torch.uint8)
    images[:, 0, 0, 0] += torch.tensor(gaps, dtype=torch.uint8)
    return LabelledImages(images, torch.ones(len(gaps), dtype=torch.int64), "pairs")


def test_accuracy_reports_wilsons_interval():
    # Wilson 1927 by hand
    assert str(Accuracy(8, 10)) == "80.00% (95 % interval 49.02% to 94.33%, n = 10)"


def test_clean_accuracy_counts_an_uneven_last_batch():
    data = pairs(10, 20, 0, 30, 40)
    assert [len(labels) for _, labels in data.batches(2)] == [2, 2, 1]
    assert clean_accuracy(TwoPixels(), pairs(*[10, 0] * 260)) == Accuracy(260, 520)


def test_robust_accuracy_finds_what_can_be_fooled():
    # Closing a gap of g takes an L2 length of g / sqrt(2): 102 / 255 / 1.41 = 0.28 and 153 / 255 / 1.41 = 0.42.
    accuracy = robust_accuracy(TwoPixels().eval(), pairs(102, 153), Attack(epsilon=0.35, step_size=0.05))
    assert accuracy == Accuracy(1, 2)
