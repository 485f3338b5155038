"""Data that the replay component sends to the browser."""

import numpy as np
import pytest

from tests.node import in_node
from tests.ui.replay_reader import frames_of, numbers_of
from ui.components.replay import MAX_POINTS, RunProgress, Track, envelope, pack_replay

generator = np.random.default_rng(3)


def track(frames=4, batch=2, states=7, size=(5, 6)):
    return Track(
        title="A",
        frames=generator.integers(0, 256, (frames, batch, 3, *size), dtype=np.uint8),
        curve=generator.random((states, batch), dtype=np.float32),
        colour="#0072B2",
        before=[[("cat", 0.5)]] * batch,
        after=[[("dog", 0.7)]] * batch,
    )


def packed(tracks, frames=4, batch=2, size=(5, 6), **options):
    start = np.zeros((batch, 3, *size), dtype=np.uint8)
    settings = {"id": "x", "kind": "generation", "targets": ["cat"] * batch, "steps": 6}
    return pack_replay(tracks, start, range(frames), **settings | options)


@pytest.mark.parametrize("live", [None, RunProgress("running", "half", 0.5), RunProgress("paused")])
def test_frames_and_numbers_arrive_to_the_byte(live):
    tracks = [track(), track()]
    data = packed(tracks, live=live)
    for k, expected in enumerate(tracks):
        assert np.array_equal(frames_of(data, k), expected.frames)
        assert np.array_equal(numbers_of(data, k), expected.curve[:4])


def test_version_changes_with_any_byte_and_only_then():
    single = track()
    first = packed([single])["version"]
    assert packed([single])["version"] == first
    single.frames[2, 1, 0, 3, 3] ^= 1
    assert packed([single])["version"] != first


@pytest.mark.parametrize("count", [1, 2, 159, 160, 161, 720, 2001])
def test_envelope_holds_every_state_in_some_group(count):
    values = generator.standard_normal((count, 2)).astype(np.float32)
    bands, firsts = envelope(values)
    assert bands.shape == (2, 3, min(count, MAX_POINTS)) and len(firsts) == bands.shape[2]
    ends = [*firsts[1:], count]
    for row in range(2):
        for n, (first, end) in enumerate(zip(firsts, ends, strict=True)):
            group = values[first:end, row]
            assert bands[row, :, n] == pytest.approx([group.min(), group.mean(), group.max()], abs=1e-6)


def test_envelope_shows_the_full_swing_of_a_curve_that_oscillates():
    swinging = np.tile([0.0, 1.0], 1000)[:, None]
    bands, _ = envelope(swinging)
    low, mean, high = bands[0][:, 1:-1]
    assert (low == 0).all() and (high == 1).all() and mean == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("count", [161, 720, 2001])
def test_envelope_begins_and_ends_with_the_states_themselves(count):
    bands, firsts = envelope(np.arange(count, dtype=np.float32)[:, None])
    assert bands[0, :, 0].tolist() == [0, 0, 0] and bands[0, :, -1].tolist() == 3 * [count - 1]
    assert envelope(np.zeros((0, 1), np.float32))[0].shape == (1, 3, 0) and firsts[0] == 0


def test_texts_about_a_network_are_sentences_and_curves_of_one_colour_have_a_name():
    about = "the picture itself must convince, as in the paper. trained to match images, up to 0.5 (L2)"
    models = [{"title": title, "network": "Mini CLIP"} for title in ("Mini CLIP by views", "Mini CLIP")]
    calculate = "({ asSentences, searchOf }, [about, models]) => [asSentences(about), ...models.map(searchOf)]"
    assert in_node("replay_text.js", calculate, [about, models]) == [
        "The picture itself must convince, as in the paper. Trained to match images, up to 0.5 (L2)",
        "by views",
        "",
    ]


def test_texts_between_measurements_name_the_measured_step():
    """By views, confidence is measured every ten steps and at the planned last one, 24."""
    calculate = """({ verdict, measuredAt }, steps) => [
      ...steps.map((step) => verdict("A", "hen", step, [0.5, 0.8], step === 24 || step === 14, 10, 24)),
      measuredAt(14, 1, 24)]"""
    assert in_node("replay_text.js", calculate, [0, 4, 10, 14, 24]) == [
        "A is 80.0 % confident of “hen” before the first step.",
        "A was 80.0 % confident of “hen” before the first step; measured every 10 steps.",
        "A is 80.0 % confident of “hen” at step 10 (before: 50.0 %).",
        "A was 80.0 % confident of “hen” at step 10 (before: 50.0 %); measured every 10 steps.",
        "A is now 80.0 % confident of “hen” (before: 50.0 %).",
        14,
    ]
