"""Data that the replay component sends to the browser."""

import numpy as np
import pytest

from tests.ui.replay_reader import frames_of, numbers_of
from ui.components.replay.replay import Caption, RunProgress, Track, pack_replay, pack_stills

generator = np.random.default_rng(3)


def track(frames=4, batch=2, states=7, size=(5, 6)):
    return Track(
        Caption("A", [""] * batch, [False] * batch),
        frames=generator.integers(0, 256, (frames, batch, 3, *size), dtype=np.uint8),
        curve=generator.random((states, batch), dtype=np.float32),
    )


def packed(tracks, frames=4, batch=2, size=(5, 6), **options):
    start = np.zeros((batch, 3, *size), dtype=np.uint8)
    settings = {"id": "x", "targets": ["cat"] * batch, "steps": 6}
    return pack_replay(tracks, start, range(frames), **settings | options)


@pytest.mark.parametrize("live", [None, RunProgress("running", "half", 2, 0.5), RunProgress("stopped")])
def test_frames_and_numbers_arrive_to_the_byte(live):
    tracks = [track(), track()]
    data = packed(tracks, live=live)
    for k, expected in enumerate(tracks):
        assert np.array_equal(frames_of(data, k), expected.frames)
        assert np.array_equal(numbers_of(data, k), expected.curve[:4])
    assert packed(tracks, live=live)["version"] == data["version"]
    tracks[1].frames[2, 1, 0, 3, 3] ^= 1
    assert packed(tracks, live=live)["version"] != data["version"]


def test_stills_are_shown_with_their_captions_and_confidence():
    caption = Caption("Every view must convince", ["Another network says cat"], [True])
    data = pack_stills([(caption, "data:image/webp;base64,AAAA", 0.25)], 160, "cat")
    (model,) = data["models"]
    assert model["still"].endswith("AAAA") and model["judged"] == ["Another network says cat"] and model["recognised"]
    assert numbers_of(data, 0) == pytest.approx(0.25) and data["width"] == 160 and data["live"] is None
    assert data["version"] != pack_stills([(caption, "data:image/webp;base64,AAAB", 0.25)], 160, "cat")["version"]
