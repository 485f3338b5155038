"""Runs on pages: stored ones said and replayed by their files, untrusted ones as plain text."""

import html
import io
import json
import re
from collections import Counter
from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from PIL import Image

from core.data.sample_sets import CLASS_SETS, SAMPLE_SETS, SampleSet
from core.data.sketches import decode_sketch, draw_sketch, encode_sketch
from core.pgd.drawings import drawn_sketches, opening_words
from core.pgd.examples import RUNS, examples, stored_classifier, stored_path
from core.pgd.links import from_link
from core.pgd.live import Run
from core.pgd.methods import COMPARED
from core.pgd.picture_outcomes import Judgement, fingerprint, stored_judgement
from core.pgd.record import PGDRun
from core.shared.numbers import confidence
from tests.core.judged import stored_views
from tests.profiles import use_profile
from tests.ui.page_runner import open_page
from tests.ui.replay_reader import frames_of, numbers_of, replay_data
from tests.ui.toys import HOSTILE, ToyClassifier, toy_plan
from ui.components.replay.replay import RunProgress
from ui.runs.card import TILE, enlarged
from ui.runs.export import (
    FRAME_SIZE,
    VIDEO_RATE,
    animation_file,
    painted_before,
    painted_by_runs,
    painted_in_tries,
    picture_file,
    picture_stem,
    run_stem,
    video_file,
)
from ui.runs.known_words import stands_for
from ui.runs.outcome import filled_html, holes_alone, run_facts
from ui.runs.panel import caption_of
from ui.runs.replay import (
    MAX_REPLAY_BYTES,
    METHOD_TITLES,
    counted_hole,
    live_replay,
    run_replay,
    run_title,
    sampled_frames,
    stored_example,
    usual_hole,
)
from ui.runs.second_opinion import second_opinion
from ui.runs.state import RunResult
from ui.shared.page_pictures import samples

STORED = sorted(RUNS.glob("*.npz"))
MINI, LARGE = ("mini-clip", "mini-clip-robust"), ("clip-vit-b-32", "clip-vit-b-32-robust")
LAST = len(samples("photographs")) - 1
PAIR = [PGDRun.load(RUNS / f"inpainting_cifar10-5-mean-square__{name}.npz") for name in MINI]


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_runs_load_and_state_their_source(path):
    run, facts = PGDRun.load(path), run_facts(PGDRun.load(path))
    assert run.metadata["task"] == path.stem.partition("_")[0]
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
    if picture is None:
        plan = next(made.plan for made in examples(row) if made.plan.images.get("start") == facts[0])
    else:
        plan = replace(usual_hole(row, picture), penalty=facts[0])
    runs = stored_example(plan, names, methods).runs
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
    images, labels = data.images[::-1].transpose(0, 2, 3, 1).copy(), data.labels[::-1]
    images[:, 0, 0] ^= 1  # other photos, although only by a corner
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
        original, start = run.original.copy(), run.start.copy()
        original[..., 0, 0] ^= 1
        start[..., 0, 0] = original[..., 0, 0] / np.float32(255)
        replace(run, original=original, start=start, metadata={**run.metadata, "images": facts}).save(path)
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
    assert stored_example(usual_hole(second_set, 0), ["efficientnet-lite0"], COMPARED) is None


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
        result = stored_example(counted_hole(SAMPLE_SETS["photographs"], index), ["efficientnet-lite0"], COMPARED)
        assert [run.config.method.name for run in result.runs] == [*COMPARED]
        assert {run.metadata["images"]["index"] for run in result.runs} == {index}
        for run in result.runs:
            judgement = stored_judgement(fingerprint(run))
            assert judgement.hole_alone and judgement.says
            recognised[run.config.method.name] += judgement.after
    about, fillings = filled_html("photographs")
    counts = re.search(r"recognises (\S+) of 12 holes filled with many views, and (\S+) with the paper’s method", about)
    assert counts.groups() == tuple(str(recognised[method] or "none") for method in ("views", "paper"))
    assert fillings.count("<figure>") == 24 and fillings.count("<b>✓") == recognised.total()
    for index, link in enumerate(re.findall(r'href="(inpainting[^"]*)"', fillings)):  # the square
        painting, plan = from_link(html.unescape(link)), counted_hole(SAMPLE_SETS["photographs"], index)
        assert np.array_equal(painting.hole, plan.mask) and painting.word == plan.targets[0]


# ---- downloads ---------------------------------------------------------------------------------------------------


HOLE = [PGDRun.load(stored_path("inpainting", "photographs-6", "efficientnet-lite0", method=name)) for name in COMPARED]


def drawn(start: str, **facts: str) -> PGDRun:
    """A stored drawing as if it had begun elsewhere: its first frame is a photo."""
    run = PGDRun.load(stored_path("generation", "imagenet", "efficientnet-lite0", method="views"))
    frames = np.concatenate([HOLE[0].original[None], run.frames[1:]])
    images = {**run.metadata["images"], "start": start, **facts}
    return replace(run, frames=frames, metadata={**run.metadata, "images": images})


def own_sketch() -> str:
    sketch = draw_sketch("volcano").copy()
    sketch[:3] = 0
    return encode_sketch(sketch)


def test_cards_line_says_what_it_began_with():
    sure = second_opinion(stored_judgement(fingerprint(HOLE[1])), 0)[0]
    assert painted_by_runs(HOLE, 0).line == f"Hen, painted into a photo by EfficientNet-Lite0. {sure}"
    volcano = encode_sketch(draw_sketch("volcano"))
    for run, origin in (
        (drawn("grey"), ""),
        (drawn("photo"), " from a photo"),
        (drawn("photo", own="yes"), " from my photo"),
        (drawn("sketch", sketch=volcano), " from a sketch"),
        (drawn("sketch", sketch=own_sketch()), " from my sketch"),
    ):
        assert painted_by_runs([run], 0).line.startswith(
            f"{opening_words()[0].capitalize()}, painted by EfficientNet-Lite0{origin}."
        )
    assert "with the paper’s method" in painted_by_runs(PAIR[:1], 0).line
    both = painted_by_runs(PAIR, 0)
    assert len(both.pictures) == 2 and " by Mini CLIP and by Mini CLIP (robust)" in both.line


def test_stored_drawing_has_the_same_card_as_a_run():
    row = drawn_sketches()["volcano"]
    painted = painted_before(row)
    assert painted.line.startswith("Volcano, painted by EfficientNet-Lite0 from a sketch. A second network ")
    card = Image.open(io.BytesIO(picture_file(painted, "https://example.org/?a=b")))
    assert card.text["Title"] == painted.line and card.text["URL"] == "https://example.org/?a=b"
    assert f"{row.config.steps} steps" in card.text["Description"] and "seed 0" in card.text["Description"]
    large = np.asarray(enlarged(row.drawings["views"].pixels().transpose(2, 0, 1), TILE))
    assert np.array_equal(np.asarray(card)[:700, :TILE], large[:700]), "the sketch is below"


def test_photo_stands_beside_its_painting():
    run = drawn("photo")
    pixels = np.asarray(Image.open(io.BytesIO(picture_file(painted_by_runs([run], 0)))))
    assert np.array_equal(pixels[:TILE, :TILE], enlarged(run.frames[0, 0], TILE))
    assert np.array_equal(pixels[:TILE, -TILE:], enlarged(run.frames[-1, 0], TILE))


def test_card_of_tries_has_all_of_them_and_counts_them():
    tries = [
        drawn("grey"),
        *(replace(drawn("grey"), start=np.full((1, 3, 224, 224), k / 9, np.float32)) for k in range(3)),
    ]
    result = RunResult("mine", (tries[2],), "", tries=tuple((run,) for run in tries), chosen=2)
    painted = painted_in_tries(result)
    assert len(painted.pictures) == 4 and painted.line.startswith(
        f"{opening_words()[0].capitalize()}, painted four times by EfficientNet-Lite0."
    )
    said = (
        Judgement("judge", 1, None, 1, ("mousetrap",), (1,), (0.9,)),
        Judgement("judge", 1, None, 0, ("a",), (2,), (0.9,)),
    )
    for right, text in ((4, "all four"), (1, "one of them"), (0, "none of them")):
        judged = replace(painted, judgements=[said[0]] * right + [said[1]] * (4 - right))
        assert judged.line.endswith(f" A second network recognises {text}.")
    chosen = painted_by_runs(result.runs, 0)
    assert chosen.seeds == [tries[2].metadata["seed"]] and np.array_equal(chosen.pictures[0], tries[2].frames[-1, 0])


def test_animation_begins_with_the_start_and_rests_on_the_result():
    for run, first in (
        (HOLE[1], None),
        (drawn("photo"), HOLE[0].original[0]),
        (
            drawn("sketch", sketch=own_sketch()),
            decode_sketch(own_sketch(), 32).repeat(14, 0).repeat(14, 1).transpose(2, 0, 1),
        ),
    ):
        animation = Image.open(io.BytesIO(animation_file([run], 0, "https://example.org")))
        assert animation.size == (FRAME_SIZE, FRAME_SIZE) and FRAME_SIZE >= 448
        assert run.config.steps and "https://example.org" in animation.getexif()[0x010E]
        shown, durations = [], []
        for k in range(animation.n_frames):
            animation.seek(k)
            shown.append(np.asarray(animation.convert("RGB")).astype(int))
            durations.append(animation.info["duration"])
        assert durations[0] >= 1000 and durations[-1] == 2000 and 5000 <= sum(durations) <= 8000
        for pixels, expected in ((shown[0], first), (shown[-1], run.frames[-1, 0])):
            if expected is not None:
                assert np.abs(pixels - np.asarray(enlarged(expected, FRAME_SIZE))).mean() < 8  # WebP is lossy


def test_video_shows_the_pictures_of_the_animation():
    run = HOLE[1]
    with av.open(io.BytesIO(video_file([run], 0, "https://example.org"))) as video:
        assert (
            "https://example.org" in video.metadata["comment"] and video.streams.video[0].codec_context.name == "h264"
        )
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in video.decode(video=0)]
    assert 5 <= len(frames) / VIDEO_RATE <= 8 and frames[0].shape == (FRAME_SIZE, FRAME_SIZE, 3)
    for pixels, expected in ((frames[VIDEO_RATE], run.frames[0, 0]), (frames[-1], run.frames[-1, 0])):
        assert np.abs(pixels - np.asarray(enlarged(expected, FRAME_SIZE))).mean() < 8  # H.264 is lossy


@pytest.mark.parametrize("text", [*HOSTILE, "馬", 'a/b\\c:d*e?f"g<h>i|j\r\nSet-Cookie: x'])
def test_visitor_word_is_one_line_and_valid_in_file_names(text):
    drawn = PGDRun.load(stored_path("generation", "cifar10", "mini-clip"))
    run = replace(drawn, metadata={**drawn.metadata, "class_names": [text] * 10})
    data = run_replay([run], id="odd")
    for line in (run_facts(run)["Target"], *data["targets"]):
        assert not re.search(r"[\n\x00-\x1f\u202e]", line) and len(line) < 400
    assert re.fullmatch(r"generation(-[a-z0-9]+)*", run_stem([run], 0)) and len(run_stem([run], 0)) < 110
    assert animation_file([run], 0) and picture_file(painted_by_runs([run], 0))
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", run_stem([run], 0))
    assert picture_stem("automobile", "paper") == "automobile-the-papers-method"
    assert run_stem([drawn], 1) == "generation-mini-clip-automobile-2"


def test_judge_calls_a_class_as_the_page_does():
    said = Judgement("efficientnet-lite2", 1, None, 0, ("ice bear",), (126,), (0.5,), hole_alone=True)
    assert second_opinion(said, 0, "ice bear") == (
        "Shown only the hole, a second network sees a polar bear (50%). Polar bear is only its 126th guess.", False
    )  # fmt: skip
    assert stands_for("polar bear", CLASS_SETS["imagenet"]()) == ""


@pytest.mark.parametrize(
    ("sure", "said"), [(0.01, "doesn’t see it yet"), (0.3, "begins"), (0.7, "isn’t sure yet"), (0.93, "is sure")]
)
def test_caption_of_a_run_agrees_with_the_painter(sure, said):
    assert said in caption_of(np.array([sure]), has_views=True)
    assert caption_of(np.array([sure, 0.95]), has_views=True) == "Painting …"
