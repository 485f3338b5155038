"""Networks that every page names without a profile of the paper's CLIP, with one, and with weights too.

The profile holds bundled networks' numbers under CLIP's name, with weights marked as random. The weights are a small
random CLIP's in open_clip's layout; with them the places that compute compute with CLIP.
"""

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.claims.quantities import stored_hybrids
from core.data.datasets import load_dataset
from core.data.sample_sets import PRECOMPUTED
from core.data.stored import VARIABLE
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes, StoredGradient
from core.fourier.waves import half_plane
from core.pgd.pictures import JudgedOutcomes
from core.pgd.run import PGDRun
from core.reproduce.compare import restricted_to
from core.reproduce.profile_parts import PARTS, ProfiledNetwork
from core.sweep.transforms import StoredPredictions
from tests.ui.page_runner import page_text, run_fact, run_to_the_end
from ui.maps.catalogue import CLIP, MINI_RESNET, RESNET56, shipped_maps
from ui.pages.findings import FEATURES
from ui.server.cache import classifier_for
from ui.story.chapters import SLUGS
from ui.story.data import computed_map, first_maps
from ui.story.own_word import WORD
from ui.tools.compute import JOB
from ui.tools.registry import BY_CLASS, CORRUPTIONS, GRADIENT, HYBRIDS, OWN_SWEEP, OWN_WORDS, TOOL, TOOLS

APPS = Path(__file__).parent / "apps"
CLIP_NAME = "clip-vit-b-32"
PAPERS, RANDOM = "CLIP ViT-B/32", "CLIP ViT-B/32 (weights: random)"
MINI, TWIN, LARGE_CNN = "Mini CLIP", "Mini CLIP (robust)", "EfficientNet-Lite0"
CNN, CNN_TWIN = "Mini ResNet", "Mini ResNet (robust)"
RESNET = "ResNet-56"
NAMES = (RANDOM, TWIN, PAPERS, MINI, CNN_TWIN, CNN, RESNET, LARGE_CNN)


def renamed(facts):
    names = {"name": CLIP_NAME, "weights_id": "random", "sha256": "0" * 64}
    return {**facts, "classifier": {**facts["classifier"], **names}}


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """Return a profile as `core.reproduce.profile` would write for CLIP."""
    files = (
        ("heatmaps", Heatmap, "heatmaps/mini-clip_cifar10-1000.npz"),
        ("hybrids", HybridOutcomes, "hybrids/mini-clip.npz"),
        ("corruptions", CorruptionOutcomes, "corruptions/mini-clip.npz"),
        ("predictions", StoredPredictions, "predictions/mini-clip.npz"),
        ("judgements", JudgedOutcomes, "judgements/mini-clip.npz"),
        ("gradients", StoredGradient, "gradients/mini-clip.npz"),
    )
    for kind, stored, path in files:
        (tmp_path / kind).mkdir()
        content = stored.load(PRECOMPUTED / path)
        replace(content, metadata=renamed(content.metadata)).save(tmp_path / kind / f"{CLIP_NAME}.npz")
    (tmp_path / "runs").mkdir()
    runs = PRECOMPUTED / "runs"
    for path in (*runs.glob("*_cifar10*__mini-clip.npz"), *runs.glob("*__efficientnet-lite0*.npz")):
        run = PGDRun.load(path)
        kind, _, rest = path.stem.partition("__")
        name = f"{kind}__{CLIP_NAME}{'__views' if rest.endswith('__views') else ''}.npz"
        if not kind.startswith("opening"):  # which a full profile contains
            replace(run, metadata=renamed(run.metadata)).save(tmp_path / "runs" / name)
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(VARIABLE, str(tmp_path))


def findings_page():
    from ui.pages import findings

    findings.page()


def models_page():
    from ui.pages import models

    models.page()


def opened(page, **parameters) -> AppTest:
    scripts = {"findings": findings_page, "models": models_page}
    app = (
        AppTest.from_function(scripts[page], default_timeout=120)
        if page in scripts
        else AppTest.from_file(str(APPS / f"{page}_app.py"), default_timeout=120)
    )
    for name, value in parameters.items():
        app.query_params[name] = value
    assert not app.run().exception
    return app


def texts(data):
    """Every text in a component's data, except packed pictures."""
    if isinstance(data, str):
        yield data if len(data) < 400 else ""
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from texts(part)


def read(app) -> str:
    """All text of a page: its HTML, sentences, components and charts."""
    parts = [part.proto.body for part in app.get("html")] + [part.value for part in (*app.markdown, *app.header)]
    parts += [text for part in app.get("bidi_component") for text in texts(json.loads(part.proto.json))]
    parts += [part.proto.spec for part in app.get("vega_lite_chart")]
    parts += [title for part in app.multiselect if "models" in part.key for title in part.value]
    parts += [part.value for part in app.selectbox if part.key and "painter" in part.key]
    hidden = re.sub(r"<style>.*?</style>|data:image[^\"']*", "", " ".join(parts), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", hidden))).replace("\N{NO-BREAK SPACE}", " ")


def named(text: str) -> set[str]:
    """The networks that a text names; a longer name counts once."""
    names = set()
    for name in NAMES:
        if name in text:
            names.add(name)
            text = text.replace(name, "")
    return names


@dataclass(frozen=True)
class Place:
    """A place of the app, and the networks that it names.

    parameters: of its URL. without, profiled, weighted: the networks without CLIP's profile, with it, and with weights
    too. None: further down the page lists all networks. act: what a visitor does there once the weights are here.
    says: what the page then says.
    """

    page: str
    parameters: dict[str, object] = field(default_factory=dict)
    without: set[str] | None = None
    profiled: set[str] = field(default_factory=lambda: {RANDOM})
    weighted: set[str] | None = None
    act: Callable[[AppTest], object] | None = None
    says: str = ""


def chapter(name: str, *networks: set[str], **further) -> Place:
    return Place("story", {"chapter": name}, *networks, **further)


def tool(name: str, *networks: set[str], **further) -> Place:
    """A tool of *Frequencies*, or its details, with the paper's two maps; networks: those named besides them."""
    parameters = {"maps": [CLIP, RESNET56], "pictures": "CIFAR-10", **({TOOL: name} if name else {"details": "true"})}
    return Place("frequency", parameters, *({PAPERS, RESNET, CNN, *some} for some in networks), **further)


def choose_a_word(app):
    app.selectbox(key=WORD).set_value("castle").run()
    assert any('"castle"' in part.proto.json for part in app.get("bidi_component"))


def compute_a_map(app):
    app.selectbox(key="sweep.images").select("picture").run()
    app.selectbox(key="sweep.name").select(CLIP_NAME).run()
    (button,) = [button for button in app.button if button.label == "Compute a map"]
    button.click().run()
    assert app.session_state[JOB].wait(120)
    app.run()


def run(page):
    return lambda app: run_to_the_end(app, page)


FEW = {"inpainting": {"inpainting-steps": 2}, "generation": {"generation-steps": 2}}
HOLE = {"inpainting-pictures": "CIFAR-10", **FEW["inpainting"]}
DRAWING = {"generation-set": "CIFAR-10, 32 px", **FEW["generation"]}
RUN = "Your run, 2 steps"
# The first tier walks a few; a tooltip names a robust network's twin.
PLACES = {
    "word": chapter("word", {LARGE_CNN}, {RANDOM, LARGE_CNN}, {RANDOM, LARGE_CNN}, act=choose_a_word),
    "judge": chapter("judge", set(), set()),
    "wave": chapter("wave", {PAPERS, RESNET, MINI, CNN}, {PAPERS, RESNET, RANDOM, CNN}),
    "mixture": chapter("mixture", {MINI, CNN}, {RANDOM, CNN}),
    "hole": chapter("hole", {LARGE_CNN, MINI, TWIN, RESNET}, {RANDOM, MINI, TWIN, RESNET}),
    "limits": chapter("limits", {PAPERS, MINI, CNN, RESNET, LARGE_CNN}, {PAPERS, RANDOM, CNN, RESNET, LARGE_CNN}),
    "a photograph's hole": Place("inpainting", {}, {LARGE_CNN}, {RANDOM, LARGE_CNN}, {RANDOM, PAPERS, LARGE_CNN}),
    "a small picture's hole": Place("inpainting", {"inpainting-pictures": "CIFAR-10"}, None, {RANDOM, TWIN}),
    "a drawing": Place("generation", {}, {LARGE_CNN}, {RANDOM, LARGE_CNN}, {RANDOM, PAPERS, LARGE_CNN}),
    "small drawings": Place("generation", {"generation-set": "CIFAR-10, 32 px"}, None, {RANDOM, TWIN}),
    "models": Place("models", weighted=None, says="The real CLIP is here"),
    "a wave": tool("", {MINI, TWIN, CNN_TWIN}, {MINI, TWIN, CNN_TWIN}, {CNN_TWIN}),
    "two in one": tool(HYBRIDS, {MINI}, {MINI}, set()),
    "gradient": tool(GRADIENT, {MINI, TWIN, CNN_TWIN}, {MINI, TWIN, CNN_TWIN}, {CNN_TWIN}),
    "classes": tool(BY_CLASS, {MINI}, {MINI}, {RANDOM}),
    # A grey point is a network whose map is not shown; every CLIP predicts among one's own words.
    "corruptions": tool(CORRUPTIONS, {MINI, TWIN, CNN_TWIN}, {MINI, TWIN, CNN_TWIN}, {CNN_TWIN, RANDOM}),
    "own words": tool(OWN_WORDS, *3 * [{MINI, TWIN}], says="CLIP ViT-B/32 (OpenAI)"),
    "a map": tool(OWN_SWEEP, {MINI}, {MINI}, set(), act=compute_a_map, says="The map is also among the others above."),
    "a run in a photo": Place("inpainting", FEW["inpainting"], None, {LARGE_CNN}, {PAPERS}, run("inpainting"), RUN),
    "a run in a small picture": Place("inpainting", HOLE, None, {TWIN}, {PAPERS, TWIN}, run("inpainting"), RUN),
    "a run of a drawing": Place("generation", FEW["generation"], None, {LARGE_CNN}, {PAPERS}, run("generation"), RUN),
    "a run of small drawings": Place("generation", DRAWING, None, {TWIN}, {PAPERS, TWIN}, run("generation"), RUN),
}


def test_every_chapter_of_the_story_is_walked():
    assert set(SLUGS) <= PLACES.keys()


def walk(places, first_tier):
    return [pytest.param(place, marks=() if place in first_tier else pytest.mark.slow) for place in places]


@pytest.mark.parametrize("place", walk(PLACES, ("word", "hole", "a small picture's hole")))
def test_whom_a_place_names(place, request):
    place = PLACES[place]
    before = named(read(opened(place.page, **place.parameters)))
    request.getfixturevalue("profile")
    after = named(read(opened(place.page, **place.parameters)))
    if place.without is None:  # further down the page lists all networks
        assert RANDOM not in before and place.profiled <= after
    else:
        assert (before, after) == (place.without, place.profiled)


@pytest.mark.parametrize("place", walk(PLACES, ("a wave", "gradient", "own words", "a run in a small picture")))
def test_where_a_place_computes_it_is_with_clip_once_its_weights_are_here(place, profile, installed_clip):
    place = PLACES[place]
    app = opened(place.page, **place.parameters)
    if place.act is not None:
        place.act(app)
    assert not app.exception and not app.error
    text = read(app)
    assert place.says in text
    if place.says == RUN:  # further down the page lists all networks
        assert named(" ".join(run_fact(app, "Network"))) == place.weighted
    elif place.weighted is not None:
        assert named(text) == place.weighted
    elif place.without is not None:
        assert named(text) == place.profiled, "what is stored stays"
    else:
        assert named(text) & {RANDOM, PAPERS}


def test_clip_fills_the_hole_of_the_example_once_its_profile_has_it(installed_clip, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    data = load_dataset("cifar10-samples")
    network = ProfiledNetwork(CLIP_NAME, lambda classes: classifier_for(CLIP_NAME, classes.name), lambda _: data, True)
    (hole,) = [file for file in PARTS["runs"].items(network) if "inpainting_cifar10" in file.path.name]
    hole.make_in(tmp_path / "profiles" / CLIP_NAME)
    app = opened("inpainting", **{"inpainting-pictures": "CIFAR-10"})
    assert "An example computed on this machine" in page_text(app) and "Settings changed" not in page_text(app)
    app.selectbox(key="inpainting-target-cifar10").set_value("cat").run()
    app.button(key="inpainting.back").click().run()
    assert "An example computed on this machine" in page_text(app) and "Settings changed" not in page_text(app)


def test_hybrids_are_joined_to_the_map_of_the_same_weights_alone(profile, monkeypatch):
    (label,) = [label for label, entry in shipped_maps().items() if entry.classifier == CLIP_NAME and label != CLIP]
    assert label == f"{RANDOM} · CIFAR-10 · computed" and CLIP_NAME in stored_hybrids()
    assert f"crossover cutoff of {RANDOM}" in read(opened("findings", subject=label))
    published = read(opened("findings"))
    assert f"{PAPERS} saw no hybrid images" in published and RANDOM not in published
    monkeypatch.delenv(VARIABLE)
    assert "saw no hybrid images" in read(opened("findings")) and CLIP_NAME not in stored_hybrids()


def test_the_story_leaves_out_an_incomplete_map(profile, tmp_path):
    path = tmp_path / "heatmaps" / f"{CLIP_NAME}.npz"
    heatmap = Heatmap.load(path)
    restricted_to(heatmap, half_plane(31)[:12]).save(path)
    label = f"{RANDOM} · CIFAR-10 · computed"
    assert shipped_maps()[label].more and CLIP_NAME not in first_maps() and computed_map(CLIP_NAME) is None
    heatmap.save(path)
    assert (
        not shipped_maps()[label].more and first_maps()[CLIP_NAME] == computed_map(CLIP_NAME) == shipped_maps()[label]
    )


def test_a_verdict_on_other_weights_says_so(profile):
    label = f"{RANDOM} · CIFAR-10 · computed"

    def row(claim, **parameters):
        page = "".join(part.proto.body for part in opened("findings", **parameters).get("html"))
        return re.search(rf'<tr data-claim="{claim}">.*?</tr>', page, re.DOTALL)[0]

    assert "for other" not in row("low", subject=CLIP, reference=RESNET56)
    assert "for other weights" in row("low", subject=label, reference=RESNET56)
    assert "for other networks" in row("low", subject=label, reference=MINI_RESNET)
    drawn = row("likely", section=FEATURES)  # of stored results
    assert RANDOM in drawn and "for other weights" in drawn


def test_section_32_is_about_clip_where_its_drawings_were_judged(profile, monkeypatch):
    app = opened("findings", section=FEATURES)
    assert RANDOM in app.selectbox(key="painter").options and app.selectbox(key="painter").value == RANDOM
    text = read(app)
    assert "No pictures by" not in text and "The judges are ResNet-56 and Mini CLIP (plain ViT)" in text
    assert f"observed here, {RANDOM}" in text and f"observed here, {PAPERS} " not in text.replace(RANDOM, "")
    monkeypatch.delenv(VARIABLE)
    assert RANDOM not in opened("findings", section=FEATURES).selectbox(key="painter").options


@pytest.mark.slow
@pytest.mark.parametrize("tool", [*TOOLS])
def test_every_tool_opens_with_the_profiles_map(tool, profile):
    label = f"{RANDOM} · CIFAR-10 · computed"
    text = read(opened("frequency", maps=[label, RESNET56], pictures="CIFAR-10", **{TOOL: tool}))
    assert named(text) >= {RANDOM, RESNET}


def test_the_tool_of_corruptions_charts_clips_stored_outcomes(profile):
    label = f"{RANDOM} · CIFAR-10 · computed"
    app = opened("frequency", maps=[label, RESNET56], pictures="CIFAR-10", **{TOOL: CORRUPTIONS})
    assert RANDOM in named(" ".join(part.proto.spec for part in app.get("vega_lite_chart")))


def test_a_story_of_one_wave_shows_one_verdict(profile):
    text = read(opened("story", chapter="mixture"))
    assert text.count("CLIP relies more on low-frequency information") == 1


def test_a_stored_hole_by_clip_stays_where_nobody_asked_for_a_run(profile):
    app = opened("inpainting")
    app.run()
    assert app.session_state["inpainting.runs"].active is None and RANDOM in named(read(app))
    assert "Its network’s weights are not here: *Fill* takes EfficientNet-Lite0." in page_text(app)
    assert "Settings changed" not in page_text(app)
