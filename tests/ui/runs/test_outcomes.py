"""Runs on pages: stored ones said and replayed by their files, untrusted ones as plain text."""

import io
import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.examples import OPENING, RUNS, stored_classifier, stored_path
from core.pgd.live import Run
from core.pgd.methods import COMPARED
from core.pgd.pictures import fingerprint, stored_judgement
from core.pgd.record import PGDRun
from core.shared.numbers import confidence
from tests.core.judged import stored_views
from tests.profiles import use_profile
from tests.ui.page_runner import open_page
from tests.ui.replay_reader import frames_of, numbers_of, replay_data
from tests.ui.toys import HOSTILE, ToyClassifier, toy_plan
from ui.components.replay.replay import RunProgress
from ui.runs.card import GAP, MARGIN, WIDTH
from ui.runs.export import run_animation, run_picture, run_stem
from ui.runs.outcome import filled_html, holes_alone, run_facts
from ui.runs.replay import (
    MAX_REPLAY_BYTES,
    METHOD_TITLES,
    drawing_subject,
    hole_subject,
    live_replay,
    run_replay,
    run_title,
    sampled_frames,
    stored_example,
)
from ui.shared.pictures import samples

STORED = sorted(RUNS.glob("*.npz"))
MINI, LARGE = ("mini-clip", "mini-clip-robust"), ("clip-vit-b-32", "clip-vit-b-32-robust")
LAST = len(samples("photographs")) - 1
PAIR = [PGDRun.load(RUNS / f"inpainting_cifar10-5-mean-square__{name}.npz") for name in MINI]


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_runs_load_and_state_their_source(path):
    run, facts = PGDRun.load(path), run_facts(PGDRun.load(path))
    assert run.metadata["task"] == path.stem.partition("_")[0].replace(OPENING, "generation")
    assert run.metadata["classifier"]["name"] == stored_classifier(path) and path.stat().st_size < 2e6
    assert path.stem.endswith("__views") == (run.config.method.name == "views")
    assert facts["Computed"].startswith("20") and not re.search("None|nan", str(facts))
    first, last = (confidence(float(share)) for share in run.curves["target_probability"][[0, -1]].mean(axis=1))
    assert facts["Its probability"] == f"{first} → {last}"
    changes = np.abs(run.frames[-1].astype(float) - np.rint(run.start * 255))
    inside = changes if run.mask is None else changes[np.broadcast_to(run.mask, changes.shape)]
    shown = next(value for name, value in facts.items() if name.startswith("Mean change"))
    assert float(shown.split()[0]) == pytest.approx(inside.mean(), abs=0.6)


# ---- examples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sample_set", "names", "facts", "methods", "picture"),
    [
        ("inpainting", "cifar10", MINI, ("eq3", "eq3"), ["paper"], 5),
        ("inpainting", "cifar10", MINI, ("mean_square", "mean_square"), ["paper"], 5),
        ("generation", "cifar10", MINI, ("independent", "independent"), ["paper"], None),
        ("generation", "photographs", ["efficientnet-lite0"], ("grey", "grey"), ["paper", "views"], None),
        ("inpainting", "photographs", ["efficientnet-lite0"], ("eq3", "frozen"), ["paper", "views"], 2),
    ],
)
def test_stored_example_matches_the_choice(kind, sample_set, names, facts, methods, picture):
    row = SAMPLE_SETS[sample_set]
    subject = drawing_subject(row, facts[0]) if picture is None else hole_subject(row, picture)
    runs = stored_example(subject, names, methods, facts[0]).runs
    by = [(run.metadata["classifier"]["name"], run.config.method.name) for run in runs]
    assert by == [(name, method) for name in names for method in methods]
    assert facts == tuple(run.metadata["objective"].get("penalty") or run.metadata["images"]["start"] for run in runs)
    assert len({(run.config.steps, run.config.epsilon) for run in runs}) == 1
    assert all(np.array_equal(run.start, runs[0].start) for run in runs)
    assert kind == "generation" or {run.metadata["images"]["index"] for run in runs} == {picture}
    if len(methods) == 2:
        assert [run_title(run, runs) for run in runs] == [METHOD_TITLES[method] for method in methods]
    if facts == ("eq3", "eq3"):  # the contrast that the page is about
        assert all(float(run.curves["target_probability"][-1, 0]) > 0.9 for run in runs)
        assert all(run.metadata["images"]["change"][0]["outside"] == 0 for run in runs)


@pytest.fixture
def second_set(monkeypatch, tmp_path) -> SampleSet:
    """The photographs in reverse order, as another data set; the last one's hole is filled in a profile."""
    first, data = SAMPLE_SETS["photographs"], samples("photographs")
    row = replace(
        first,
        name="second",
        title="Second",
        dataset="second-samples",
        folder=tmp_path / "second",
        holes={LAST - index: hole for index, hole in first.holes.items()},
        faceless=(),
        maps={},
    )
    row.folder.mkdir()
    images, labels = data.images[::-1].transpose(0, 2, 3, 1), data.labels[::-1]
    np.savez(row.folder / "images.npz", images=images, labels=labels, classes=np.array(data.classes.names))
    known = {"author": "Nobody", "source": "https://example.org", "licence": "CC0 1.0"}
    listed = [{"class": data.classes.names[label], "index": index} for index, label in enumerate(labels)]
    (row.folder / "provenance.json").write_text(json.dumps({"title": "Second", **known, "images": listed}))
    monkeypatch.setitem(SAMPLE_SETS, row.name, row)
    for method in COMPARED:
        run = PGDRun.load(stored_path("inpainting", "photographs-0", "efficientnet-lite0", method=method))
        facts = {**run.metadata["images"], "dataset": row.dataset, "index": LAST}
        path = stored_path("inpainting", f"second-{LAST}", "efficientnet-lite0", tmp_path / "profile/runs", method)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(run, metadata={**run.metadata, "images": facts}).save(path)
    use_profile(monkeypatch, tmp_path / "profile")
    return row


def test_two_sets_of_one_size_have_their_own_examples(second_set):
    opened = open_page("inpainting", inpainting_pictures="Second", inpainting_picture=str(LAST))
    data = replay_data(opened)
    assert data["live"] is None, "its own stored runs"
    stored = [PGDRun.load(stored_path("inpainting", "photographs-0", "efficientnet-lite0", method=s)) for s in COMPARED]
    for k, run in enumerate(stored):
        assert np.array_equal(frames_of(data, k)[-1], run.frames[-1])
    without = replay_data(open_page("inpainting", inpainting_pictures="Second", inpainting_picture="0"))
    assert without["live"]["state"] == "new" and len(without["models"]) == len(COMPARED)
    assert stored_example(hole_subject(second_set, 0), ["efficientnet-lite0"], COMPARED) is None


# ---- replays -----------------------------------------------------------------------------------------------------


def test_finished_runs_keep_their_frames_and_numbers():
    data = run_replay(PAIR, id="pair")
    assert data["frame_steps"] == PAIR[0].frame_steps.tolist() and data["live"] is None
    for k, run in enumerate(PAIR):
        assert np.array_equal(frames_of(data, k), run.frames)
        assert np.allclose(numbers_of(data, k), run.curves["target_probability"][run.frame_steps])


@pytest.mark.parametrize(("count", "size"), [(1, 3), (2, 10**9), (31, 3072), (1000, 3), (121, 150528)])
def test_sampled_frames_include_both_ends(count, size):
    frames = sampled_frames(count, size)
    assert frames[0] == 0 and frames[-1] == count - 1 and (np.diff(frames) > 0).all()
    assert len(frames) <= 121 and (len(frames) <= 2 or len(frames) * size <= MAX_REPLAY_BYTES)
    assert count > 121 or count * size > MAX_REPLAY_BYTES or len(frames) == count


def test_live_replay_shows_the_states():
    run = Run(toy_plan(), lambda: [ToyClassifier("toy-a"), ToyClassifier("toy-b")])
    data = live_replay(run.plan, [("toy-a", "paper")], [], [], id="j", live=RunProgress("queued", "waiting"))
    assert np.array_equal(frames_of(data, 0)[0], np.rint(run.plan.start * 255))
    assert numbers_of(data, 0).size == 0 and data["live"]["state"] == "queued"
    states = run.states()
    moments = [next(states) for _ in range(4)][1::2]
    curves = [run.target_probability(0), run.target_probability(1)]
    data = live_replay(
        run.plan, [("toy-a", "paper"), ("toy-b", "paper")], moments, curves, id="j", live=RunProgress("running")
    )
    assert data["frame_steps"] == [1, 3] and data["steps"] == 6
    for k in range(2):
        for frame, moment in enumerate(moments):
            pixels = torch.from_numpy(frames_of(data, k)[frame])
            assert torch.equal(pixels, (moment[k].images * 255).round().to(torch.uint8))
            assert numbers_of(data, k)[frame] == pytest.approx(moment[k].target_probability.numpy())
    states.close()


# ---- many pictures -----------------------------------------------------------------------------------------------


def test_rate_of_holes_alone_equals_stored_counts():
    rows = stored_views()["pictures"]
    seen = [("views", "alone"), ("paper", "alone"), ("views", "alone_original")]
    counts = [sum(row["places"][name][0] == 1 for row in rows[f"hole-{method}"]) for method, name in seen]
    assert [number.text for number in holes_alone().values()] == [f"{n} of {len(rows['hole-views'])}" for n in counts]


def test_every_bundled_photo_has_judged_fillings():
    recognised = Counter()
    for index in range(len(samples("photographs"))):
        result = stored_example(hole_subject(SAMPLE_SETS["photographs"], index), ["efficientnet-lite0"], COMPARED)
        assert [run.config.method.name for run in result.runs] == [*COMPARED]
        assert {run.metadata["images"]["index"] for run in result.runs} == {index}
        for run in result.runs:
            judgement = stored_judgement(fingerprint(run))
            assert judgement.hole_alone and judgement.says
            recognised[run.config.method.name] += judgement.after
    about, fillings = filled_html("photographs")
    assert [int(count) for count in re.findall(r"(\d+) of 12", about)] == [recognised["views"], recognised["paper"]]
    assert fillings.count("<figure>") == 24 and fillings.count("<b>✓") == recognised.total()


# ---- downloads ---------------------------------------------------------------------------------------------------


def tiles(image: Image.Image, count: int) -> list[np.ndarray]:
    """The pictures of a sheet without gaps and captions."""
    pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] == count * 224 + (count - 1) * 8
    return [pixels[:224, 232 * k : 232 * k + 224] for k in range(count)]


def enlarge(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels.transpose(1, 2, 0)).resize((224, 224), Image.Resampling.BICUBIC))


def test_picture_and_animation_show_the_frames():
    card = np.asarray(Image.open(io.BytesIO(run_picture(PAIR, 0, "https://example.org/?a=b"))).convert("RGB"))
    side = (WIDTH - 2 * MARGIN - 2 * GAP) // 3
    for k, pixels in enumerate((PAIR[0].original[0], *(run.frames[-1, 0] for run in PAIR))):
        left, large = MARGIN + k * (side + GAP), Image.fromarray(pixels.transpose(1, 2, 0)).resize((side, side), 1)
        strip = card[:, left : left + side]
        tops = [top for top in range(len(strip) - side) if np.array_equal(strip[top : top + side], np.asarray(large))]
        assert len(tops) == 1
    short = [replace(run, frames=run.frames[:5], frame_steps=run.frame_steps[:5]) for run in PAIR]
    animation = Image.open(io.BytesIO(run_animation(short, 0)))
    assert animation.n_frames == 5
    for number, frame in ((0, 0), (animation.n_frames - 1, -1)):
        animation.seek(number)
        for tile, run in zip(tiles(animation, 3)[1:], short, strict=True):
            assert np.array_equal(tile, enlarge(run.frames[frame, 0]))


@pytest.mark.parametrize("text", [*HOSTILE, "馬", 'a/b\\c:d*e?f"g<h>i|j\r\nSet-Cookie: x'])
def test_visitor_word_is_one_line_and_valid_in_file_names(text):
    drawn = PGDRun.load(stored_path("generation", "cifar10", "mini-clip"))
    run = replace(drawn, metadata={**drawn.metadata, "class_names": [text] * 10})
    data = run_replay([run], id="odd")
    for line in (run_facts(run)["Target"], *data["targets"]):
        assert not re.search(r"[\n\x00-\x1f\u202e]", line) and len(line) < 400
    assert re.fullmatch(r"generation(-[a-z0-9]+)*", run_stem([run], 0)) and len(run_stem([run], 0)) < 110
    assert run_animation([run], 0) and run_picture([run], 0)
    assert run_stem([drawn], 1) == "generation-mini-clip-automobile-2"
