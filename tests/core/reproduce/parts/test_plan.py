"""Choice of the waves of a map."""

import math

from core.fourier.basis import half_plane
from core.reproduce.parts.plan import draw_waves


def test_drawn_waves_grow_and_serve_every_band():
    few, many = draw_waves(31, 12, seed=0), draw_waves(31, 48, seed=0)
    assert many[:12] == few and len(set(many)) == 48 and set(many) <= set(half_plane(31))
    radius = [round(math.hypot(*wave)) for wave in few]
    assert sum(r <= 2 for r in radius) == sum(r > 15 for r in radius) == 4
    assert draw_waves(31, 481, seed=0) is None and draw_waves(31, 12, seed=1) != few
