"""The page *Story* under Streamlit's AppTest: chapters, their figures' numbers, URLs, and links to the other pages."""

import html
import io
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.picture_files import png_data_uri
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import PALETTE, draw_sketch, smooth_sketch
from core.data.start_photos import START_PHOTOS
from core.pgd.drawings import (
    count,
    drawn_photos,
    drawn_sketches,
    judge_name,
    opening_words,
    painter_name,
    stored_gallery,
)
from core.pgd.examples import stored_path
from core.pgd.links import from_link
from core.pgd.methods import COMPARED
from core.pgd.painting import Painting
from core.pgd.picture_outcomes import Judgement, fingerprint, stored_judgement
from core.pgd.record import PGDRun
from core.shared.text import with_article
from tests.ui.page_runner import PAGE, bodies, components, open_page, settable_widget
from tests.ui.replay_reader import frames_of, replay_data
from ui.components.mount import lossy_data_uri, pack_bytes
from ui.maps.catalogue import EFFICIENTNET, RESNET50, shipped_maps
from ui.pages.story import _FIGURES
from ui.runs.gallery_pictures import stored_word
from ui.runs.replay import stored_example, target_of
from ui.runs.second_opinion import second_opinion
from ui.story.chapters import CHAPTER_FACTS, CHAPTER_NAMES, SLUGS, chapter
from ui.story.hole_chapter import OFFERED
from ui.story.scene import about_paper, ended
from ui.story.wave_chapter import FIRST_STRIPES

TABLE = Path(__file__).parents[3] / "ui" / "story" / "chapters.toml"


def opened(page: str = "story", **parameters) -> AppTest:
    app = open_page(page, **parameters)
    assert not app.error
    return app


def read(app: AppTest) -> str:
    """Return a chapter's first text as HTML."""
    return bodies(app, '<div class="story"><h2>')[0]


def of(app: AppTest, name: str) -> dict:
    """Return the data of the only component with this key."""
    (data,) = components(app, name)
    return data


def test_story_is_short_and_its_facts_are_computed():
    words = 0
    for here in map(chapter, range(len(CHAPTER_NAMES))):
        # The article's "still" says what the app's "sketch" says.
        text = " ".join([here.title, *(f"{part.text} {part.note}" for part in here.parts if part.figure != "still")])
        words += len(re.findall(r"\S*\w\S*", html.unescape(re.sub(r"<[^>]*>", " ", text))))
        # Each chapter says whether it is of small networks or of the paper's.
        assert here.name == "Judge" or re.search("small|Mini|the paper|ordinary network|EfficientNet", text)
    assert 0 < words <= 900
    assert set(re.findall(r"\{(\w+)\}", TABLE.read_text("utf-8").partition("[[chapters]]")[2])) == CHAPTER_FACTS.keys()


@pytest.mark.parametrize("slug", [*SLUGS[3:], "11"])
def test_chapter_url_opens_chapter_or_the_first(slug):
    place = SLUGS.index(slug) if slug in SLUGS else 0
    app, here = opened(chapter=slug), chapter(place)
    assert here.slug == SLUGS[-1] or f"<h2>{html.escape(here.title)}" in read(app) and not app.warning
    tabs = of(app, "current")
    assert tabs["current"] == place + 1 and tabs["names"] == list(CHAPTER_NAMES)
    pictures = [body for body in bodies(app) if "<img" in body or "<figure" in body]
    parts = [part for part in here.parts if part.figure in _FIGURES]
    assert len(app.get("bidi_component")) - 1 + len(pictures) >= len(parts)


def shown(app: AppTest) -> dict:
    """Return the data of the painting."""
    return of(app, "about_paper")


def paints(app: AppTest, sketch: np.ndarray) -> None:
    """Paint a sketch, as the browser reports it."""
    app.session_state["story.sketch"] = sketch
    app.run()


def choose(app: AppTest, word: str) -> None:
    """Choose a word; the test runner's box takes no others than those of its list."""
    app.session_state["story.word"] = word
    app.run()


@pytest.mark.parametrize("name", ["volcano", "lighthouse", "pumpkin"])
def test_each_networks_line_is_that_of_the_stored_painting(name):
    app, row = opened(sketch=name), drawn_sketches()[name]
    data, (paper, views) = shown(app), (row.drawings[method] for method in COMPARED)
    assert data["phase"] == "ended" and data["sketch"] == png_data_uri(draw_sketch(name))
    assert (data["views"], data["paper"]) == (lossy_data_uri(views.picture), lossy_data_uri(paper.picture))
    assert data["claim"] == f"The painter is 99% sure: a {row.word}."
    share = round(100 * views.judgements[0].shares[0])
    how_sure = f"{share}%" if share >= 50 else f"{share}%, its top guess out of 1,000"
    assert data["judged"] == f"A second network also says {row.word} ({how_sure})."
    assert data["agrees"] and ("noise" in data["about_paper"]) == (not paper.recognised())
    assert f"surer that it sees a {row.word}" in bodies(app, "surer that")[0]
    (note,) = bodies(app, "Before painting")
    assert row.before[1] in note or f"neither network saw a {row.word}" in note


@pytest.mark.parametrize("name", START_PHOTOS)
def test_photo_has_its_painting_until_the_frame_moves(name):
    row, word = drawn_photos()[name], START_PHOTOS[name].word
    app = opened(photo=name)
    data = shown(app)
    assert data["phase"] == "ended" and data["start"] == "photo" and data["claim"].endswith(f"a {word}.")
    assert data["views"] == lossy_data_uri(row.drawings["views"].picture)
    assert "Turn any photo" in read(app) and "Move the frame" in read(app) and of(app, "alt")["value"] == 0.5
    assert f"both networks saw {with_article(row.before[0])}" in bodies(app, "Before painting")[0]
    app.session_state["story.photo"] = replace(app.session_state["story.photo"], position=0.2)
    assert of(app.run(), "alt")["value"] == 0.2 and shown(app)["phase"] == "new" and app.query_params["frame"] == "20"
    assert not bodies(app, "Before painting")
    app.session_state["story.photo"] = None  # back to the sketch under it
    app.session_state["story.word"] = "volcano"
    assert shown(app.run())["start"] == "sketch" and "blobs" in read(app)


def judgement(rank: int) -> Judgement:
    return Judgement("judge", 1, before=None, after=int(rank == 1), says=("envelope",), ranks=(rank,), shares=(0.25,))


@pytest.mark.parametrize(
    ("confidence", "views", "judge", "expected"),
    [
        (0.995, 0.995, judgement(6), "Also 99% sure. What it added looks like noise to us."),
        (0.995, 0.6, judgement(6), "99% sure. What it added looks like noise to us."),
        (0.995, 0.995, judgement(1), "Also 99% sure. A second network also says envelope (25%)."),
        (0.72, 0.995, judgement(6), "72% sure. A second network sees an envelope (25%)."),
        (0.995, 0.995, None, "Also 99% sure."),
    ],
)
def test_only_what_one_network_alone_recognises_is_called_noise(confidence, views, judge, expected):
    assert about_paper(confidence, views, judge, "photo") == expected
    grey = about_paper(confidence, views, judge, "grey")
    assert grey == expected.replace("What it added looks like noise to us", "To us it looks like noise")
    both = about_paper(confidence, views, judge, "sketch")
    assert both.startswith(expected[:-1]) and (f"{count('sketch-paper')} of our 24" in both) == (
        "also says" in expected
    )


def test_stroke_or_other_word_clears_the_painting(loaded_ahead):
    app, sketch = opened(), draw_sketch("volcano").copy()
    assert not app.query_params and not loaded_ahead
    sketch[20:, :5] = 0
    paints(app, sketch)
    data = shown(app)
    assert data["phase"] == "new" and data["claim"].startswith("Press Paint (about") and not data["judged"]
    assert "99%" not in data["about_paper"] and app.session_state["generation.runs"].active is None
    assert loaded_ahead == [(painter_name(), judge_name())]  # before the visitor presses the button
    paints(app, draw_sketch("volcano"))
    assert shown(app)["judged"].startswith("A second network also says volcano") and not app.query_params
    choose(app, "castle")
    assert shown(app)["phase"] == "new" and "surer that it sees a castle" in bodies(app, "surer that")[0]
    choose(app, "vulcano")
    assert app.button(key="story.paint").disabled and app.button(key="story.near.volcano")
    app.button(key="story.near.volcano").click().run()
    assert shown(app)["phase"] == "ended"


def test_only_a_painting_nobody_recognises_offers_next_steps():
    for recognised in (True, False):
        words = (word for word in stored_gallery().words if word.drawings["views"].recognised() is recognised)
        app = opened(sketch="empty", word=next(words).word)
        assert shown(app)["ways"] == ([] if recognised else ["again", "blobs"])
    story = {name: app.session_state[name] for name in ("story.sketch", "story.photo", "story.word")}
    app.session_state["story.seed"] = *story.values(), 3
    app.run()
    assert shown(app)["phase"] == "new" and shown(app)["ways"] == [] and app.query_params["seed"] == "3"
    linked = opened(**app.query_params)
    active = linked.session_state["generation.runs"].active
    active.job.stop()
    assert active.run.plan.seed == 3
    choose(app, "castle")  # another word has its first try
    assert "seed" not in app.query_params


def test_a_link_keeps_word_and_sketch():
    sketch = draw_sketch("horse").copy()
    sketch[:4] = PALETTE["red"]
    app = opened()
    paints(app, sketch)
    choose(app, "vulcano")  # no run begins by itself
    again = opened(**app.query_params)
    assert np.array_equal(again.session_state["story.sketch"], sketch)
    assert again.session_state["story.word"] == "vulcano" and shown(again) == shown(app)
    word = opening_words()[0]
    data = shown(opened(word=word))  # without a sketch: from grey
    assert data["views"] == lossy_data_uri(stored_word(word).drawings["views"].picture)
    assert np.array_equal(opened(sketch="nonsense").session_state["story.sketch"], draw_sketch("volcano"))


def in_draw(app: AppTest) -> AppTest:
    """Press *Open in Paint*; return that page in the same session."""
    app.button(key="story.open").click().run()
    there = AppTest.from_string(PAGE.format("generation"), default_timeout=120)
    for key, value in app.session_state.items():
        if key.startswith(("generation", "opened.generation")):
            there.session_state[key] = value
    assert not there.run().exception
    return there


@pytest.mark.parametrize(("kind", "name"), [("sketch", "castle"), ("photo", "espresso")])
def test_open_in_draw_shows_the_stored_painting(kind, name):
    row = (drawn_sketches() if kind == "sketch" else drawn_photos())[name]
    there = in_draw(opened(**{kind: name}))
    data = replay_data(there)
    assert data["targets"] == [row.word] and there.session_state["generation.runs"].active is None
    assert np.array_equal(frames_of(data, 1)[0, 0], row.drawings["views"].pixels().transpose(2, 0, 1))
    assert settable_widget(there, "generation-steps").value == row.config.steps


def test_open_in_draw_paints_what_is_not_painted_yet():
    app, sketch = opened(), draw_sketch("horse").copy()
    sketch[:4] = PALETTE["red"]
    paints(app, sketch)
    choose(app, "castle")
    there = in_draw(app)
    active = there.session_state["generation.runs"].active
    active.job.stop()
    assert active.run.plan.targets == ("castle",)
    assert np.array_equal(active.run.plan.start[0], smooth_sketch(sketch, 224))
    (painter,) = components(there, "palette")
    assert painter["value"] == pack_bytes(sketch)
    assert settable_widget(there, "generation-classes-imagenet").value == ["castle"]


def test_ended_run_shows_pictures_and_both_networks():
    plan = Painting.default(SAMPLE_SETS["photographs"].drawn[0], "grey", painter=painter_name()).plan()
    result = stored_example(plan, [painter_name()], COMPARED)
    painting, run = ended(result), result.runs[1]
    word, said = target_of(run, 0), stored_judgement(fingerprint(run))
    assert painting.phase == "ended" and painting.claim == f"The painter is 99% sure: a {word}."
    assert (painting.judged, painting.agrees) == second_opinion(said, 0, word)
    frames = np.concatenate([run.frames[[0, -1], 0] for run in result.runs]).astype(int).transpose(0, 2, 3, 1)
    for k, picture in enumerate((painting.paper, painting.views)):
        pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
        assert np.abs(frames - pixels).mean(axis=(1, 2, 3)).argmin() == 2 * k + 1, "its own last frame"


def test_hole_chapter_offers_photos_with_their_own_runs():
    app, row = opened(chapter="hole"), SAMPLE_SETS["photographs"]
    for position in OFFERED:
        shown = replay_data(app)
        subject = f"photographs-{position}" if position != row.inpainted else row.opening_subject
        run = PGDRun.load(stored_path("inpainting", subject, painter_name(), method="views"))
        assert shown["live"] is None and np.array_equal(frames_of(shown, 1)[-1], run.frames[-1])
        other = OFFERED[(OFFERED.index(position) + 1) % len(OFFERED)]
        app.session_state["story.hole"] = other  # as a press on its tile does
        for key in ("story.mask", "story.wanted"):
            if key in app.session_state:
                del app.session_state[key]
        app.run()


def test_last_chapter_has_five_doors_that_open_what_they_show():
    app = opened(chapter="your-turn")
    (body,) = bodies(app, 'class="doors"')
    links = re.findall(r'class="door" href="([^"]+)"', body)
    assert len(links) == body.count('class="corner"') == 5
    for link, word in zip(links[:2], ("starfish", "pizza"), strict=False):
        assert from_link(html.unescape(link)).word == word
        app = target(html.unescape(link))
        assert replay_data(app)["live"] is None, "stored, without a run"
    assert replay_data(target(html.unescape(links[2])))["live"] is None
    assert of(target(html.unescape(links[3])), "cutoffs")
    assert "frequency" in links[4]
    assert CHAPTER_NAMES[-1] == "Your turn" and SLUGS[-1] == "your-turn"


def target(link: str, **parameters: object) -> AppTest:
    """The page that a link opens."""
    return opened(urlsplit(link).path, **parse_qs(urlsplit(link).query) | parameters)


def test_story_links_open_what_their_chapter_shows():
    for fact in ("patches", "weather"):
        assert set(parse_qs(urlsplit(CHAPTER_FACTS[fact]()).query)["maps"]) <= shipped_maps().keys()
    links = {name: chapter(CHAPTER_NAMES.index(name)).link[1] for name in ("Wave", "Mixture", "Hole")}
    app = target(links["Wave"], pictures="Yours")  # without a picture no classifier is loaded
    assert settable_widget(app, "maps").value == [RESNET50, EFFICIENTNET]  # of photos
    assert app.session_state["frequency.cell"] == (0, FIRST_STRIPES)
    there, here = of(target(links["Mixture"]), "cutoffs"), of(opened(chapter="mixture"), "cutoffs")
    assert all(there[key] == here[key] for key in ("pair", "cutoffs", "value", "low", "high"))
    there, here = replay_data(target(links["Hole"])), replay_data(opened(chapter="hole"))
    assert [model["frames"] for model in there["models"]] == [model["frames"] for model in here["models"]]
