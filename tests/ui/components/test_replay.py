"""Data that the replay component sends to the browser."""

import numpy as np
import pytest

from tests.ui.replay_reader import frames_of, numbers_of
from ui.components.replay.replay import Caption, RunProgress, Track, pack_replay, pack_stills


@pytest.mark.parametrize("live", [None, RunProgress("running", "half", 2, 0.5)])
def test_frames_and_numbers_arrive_to_the_byte(live):
    generator = np.random.default_rng(3)
    tracks = [
        Track(
            Caption("A", ["", ""], [False, False]),
            frames=generator.integers(0, 256, (4, 2, 3, 5, 6), dtype=np.uint8),
            curve=generator.random((7, 2), dtype=np.float32),
        )
        for _ in range(2)
    ]
    about = {"id": "x", "targets": ["cat", "cat"], "steps": 6, "live": live}
    data, again = (pack_replay(tracks, np.zeros((2, 3, 5, 6), np.uint8), range(4), **about) for _ in range(2))
    for k, expected in enumerate(tracks):
        assert np.array_equal(frames_of(data, k), expected.frames)
        assert np.array_equal(numbers_of(data, k), expected.curve[:4])
    tracks[1].frames[2, 1, 0, 3, 3] ^= 1
    changed = pack_replay(tracks, np.zeros((2, 3, 5, 6), np.uint8), range(4), **about)
    assert data["version"] == again["version"] != changed["version"]


def test_stills_are_shown_with_their_captions_and_confidence():
    caption = Caption("Every view must convince", ["Another network says cat"], [True])
    data = pack_stills([(caption, "data:image/webp;base64,AAAA", 0.25)], 160, "cat")
    (model,) = data["models"]
    assert model["still"].endswith("AAAA") and model["judged"] == ["Another network says cat"] and model["recognised"]
    assert numbers_of(data, 0) == pytest.approx(0.25) and data["width"] == 160 and data["live"] is None
    assert data["version"] != pack_stills([(caption, "data:image/webp;base64,AAAB", 0.25)], 160, "cat")["version"]
