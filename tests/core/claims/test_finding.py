"""What a finding says of its numbers."""

import pytest

from core.claims.finding import Evidence
from core.fourier.intervals import Measured


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("error", "x 25.0 % (20.0 to 30.0)"),
        ("points", "x +25.0 points (+20.0 to +30.0)"),
        ("level", "x 63.8 of 255 (51.0 to 76.5)"),
        ("levels", "x +63.8 of 255 (+51.0 to +76.5)"),
        ("orders", "x 0.2 orders of magnitude (0.2 to 0.3)"),
        ("ratio", "x 0.25 (0.20 to 0.30)"),
        ("radius", "x 0.2 cycles per image (0.2 to 0.3)"),
        ("radii", "x +0.2 cycles per image (+0.2 to +0.3)"),
    ],
)
def test_evidence_has_the_form_of_its_unit(unit, text):
    assert str(Evidence("x", Measured(0.25, 0.2, 0.3), unit)) == text
