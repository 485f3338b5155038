"""Agreement of many runs' losses with the paper's."""

import pytest

from core.pgd.pictures import Reconstruction
from core.reproduce.compare import TABLES, Match, TableResult


def losses(before, after):
    """Runs of Figure 3 by the paper's own CLIP with these losses."""
    part = next(part for part in TABLES if part.key == "figure-3-clip")
    rest = [*[1.0] * 4, 1, 1, *[0.5] * 6]
    rows = [Reconstruction(k, "", "", "", "", *ends, *rest) for k, ends in enumerate(zip(before, after, strict=True))]
    settings = {
        "classifier": {"name": part.classifier, "sha256": None},
        "mode": "inpaint",
        "start": None,
        "judge": None,
    }
    return TableResult(part, settings, tuple(rows), b"", {}, "")


@pytest.mark.parametrize(
    ("before", "after", "expected", "needed"),
    [
        ([3.8], [2e-4], Match.UNDECIDED, 6),  # even where it equals the paper's to the digit
        ([3.8] * 5, [1.0] * 5, Match.UNDECIDED, 6),
        ([3.8] * 6, [2e-4] * 6, Match.AGREES, None),
        ([3.8] * 6, [1e-2] * 6, Match.DIFFERS, None),
        ([0.1] * 6, [2e-4] * 6, Match.DIFFERS, None),
        # Medians in the middle, half-widths of factors 100 and 10: a factor of 10 needs 4 times as many images.
        ([3.8] * 8, [2e-6] * 2 + [2e-4] * 4 + [2e-2] * 2, Match.UNDECIDED, 32),
    ],
)
def test_losses_agree_or_differ_only_where_enough_images_tell(before, after, expected, needed):
    result = losses(before, after)
    assert (result.match, result.images_needed) == (expected, needed)
