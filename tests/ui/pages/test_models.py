"""The page *Models* under Streamlit's AppTest."""

import dataclasses
import html
import json
import re
import shlex
import time
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classifiers.registry import CLASSIFIERS, MODELS, bundled_specs, classifier_spec, list_classifiers, model_card
from core.classifiers.weights import PackageFile, UrlFile
from core.data.datasets import sample_credits
from core.fourier.heatmap import Heatmap
from core.reproduce.profile import build_parser as build_profile_parser
from core.shared.stand_ins import RELATIONS
from core.sweep.__main__ import build_parser
from tests.core.squares import heatmap_of
from tests.weight_server import LIMIT, PIECE, dead_address, weight_server
from ui.maps.catalogue import CLIP, MINI_CLIP, maps_by_label
from ui.pages import models
from ui.server.cache import read_list
from ui.server.downloads import WeightDownloads, weight_downloads
from ui.shared.url import format_size
from ui.story.data import findings_by_claim

ROOT = Path(__file__).resolve().parents[3]


def start_empty(patch, folder):
    """No weights on this machine, no downloads from earlier tests, no network."""
    patch.setenv("TORCH_HOME", str(folder / "torch"))
    patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder / "hub"))
    patch.setattr("ui.server.downloads._DOWNLOADS", WeightDownloads())


@pytest.fixture(autouse=True)
def _own_caches(tmp_path, monkeypatch):
    start_empty(monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page as it opens; no button is pressed."""
    with pytest.MonkeyPatch.context() as patch:
        start_empty(patch, tmp_path_factory.mktemp("empty"))
        return opened()


def script():
    from ui.pages import models

    models.page()


def opened() -> AppTest:
    app = AppTest.from_function(script, default_timeout=120).run()
    assert not app.exception
    return app


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.header, app.caption, app.error, app.warning, app.info)
    texts = [element.value for kind in kinds for element in kind]
    return html.unescape("\n".join([*texts, *(part.proto.body for part in app.get("html"))]))


def rows(app: AppTest) -> dict[str, str]:
    """Return the text of each classifier's row in the table, by its name."""
    (table,) = [part.proto.body for part in app.get("html") if 'class="networks"' in part.proto.body]
    found = re.findall(r'<tr class="([^"]*)">(.*?)</tr>', table)
    return {name: html.unescape(re.sub("<[^>]*>", " ", row)) for name, row in found}


def card_of(name: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=120)
    app.query_params[models.CARD] = name
    assert not app.run().exception
    return app


def button(app: AppTest, name: str):
    return next((candidate for candidate in app.button if candidate.key == f"models.download.{name}"), None)


def serve_resnet56_from(monkeypatch, source):
    monkeypatch.setitem(CLASSIFIERS, "resnet-56", dataclasses.replace(CLASSIFIERS["resnet-56"], weights=source))


def test_every_classifier_has_a_row_and_a_card_with_its_facts(page):
    assert rows(page).keys() == {spec.name for spec in list_classifiers()}
    assert RELATIONS.keys() == {*CLASSIFIERS, *bundled_specs()}
    for spec in list_classifiers():
        assert spec.title in rows(page)[spec.name] and RELATIONS[spec.name]["short"] in rows(page)[spec.name]
        text = text_of(card_of(spec.name))
        for fact in (spec.name, spec.kind, spec.licence, spec.source, spec.weights_id, *RELATIONS[spec.name].values()):
            assert fact in text, (spec.name, fact)


def test_rows_link_to_the_maps_that_there_are(page):
    links = re.findall(r'frequency\?maps=([^"]*)"', text_of(page))
    maps = [Heatmap.load(path) for path in (ROOT / "precomputed" / "heatmaps").glob("*.npz")]
    # of two maps of one classifier and data set, the one with more images; some maps' networks are not here
    known = {spec.name for spec in list_classifiers()}
    shipped = [
        entry.label
        for entry in maps_by_label(maps).values()
        if "1,000 images" not in entry.label and entry.heatmap.metadata["classifier"]["name"] in known
    ]
    assert sorted(map(unquote, links)) == sorted(shipped)


def test_card_shows_two_maps_the_size_and_the_time_of_the_papers_clip(page, monkeypatch):
    text = text_of(page)
    assert "Get the real CLIP" in text and "48 s at 100 Mbit/s" in text and text.count("Heat map of") == 2
    far = findings_by_claim(CLIP, MINI_CLIP)["different"].evidence[0].measured.value
    assert f"its map differs from CLIP’s at {100 * far:.0f} % of waves" in text
    ready = dataclasses.replace(CLASSIFIERS["clip-vit-b-32"], weights=CLASSIFIERS["efficientnet-lite0"].weights)
    monkeypatch.setitem(CLASSIFIERS, "clip-vit-b-32", ready)
    text = text_of(opened())
    assert "The real CLIP is here" in text and "Get the real CLIP" not in text and "Mbit/s" not in text


def test_a_bundled_model_of_ones_own_gets_a_row(tmp_path, monkeypatch):
    for folder in MODELS.iterdir():
        (tmp_path / folder.name).symlink_to(folder)
    (tmp_path / "tiny-net").mkdir()
    (tmp_path / "tiny-net" / "config.json").write_text(json.dumps({"title": "Tiny-Net"}))
    (tmp_path / "tiny-net" / "model.safetensors").touch()
    monkeypatch.setattr("core.classifiers.registry.MODELS", tmp_path)
    row = rows(opened())["tiny-net"]
    assert "Tiny-Net" in row and "not in the paper" in row


def test_size_is_that_of_the_file_or_stands_on_the_button_before_anything_starts(page):
    path = ROOT / "precomputed" / "models" / "mini-clip" / "open_clip_model.safetensors"
    assert f"✓ ready, {path.stat().st_size / 1e6:.1f} MB" in rows(page)["mini-clip"]
    assert button(page, "clip-vit-b-32").label == "Download (605 MB)"
    assert button(page, "resnet-56").label == "ResNet-56 (CIFAR-10), 3.5 MB"
    assert button(page, "efficientnet-lite0") is None
    assert not weight_downloads().running and weight_downloads().get("resnet-56") is None


def test_download_shows_progress_and_then_ready(monkeypatch):
    content = bytes(4 * PIECE)
    with weight_server(content) as server:
        serve_resnet56_from(monkeypatch, UrlFile(server.url, None, len(content)))
        app = opened()
        assert "a download, 4.2 MB" in rows(app)["resnet-56"]
        button(app, "resnet-56").click().run()
        assert not app.exception and button(app, "resnet-56") is None
        download = weight_downloads().get("resnet-56")
        server.permits.release()
        deadline = time.monotonic() + LIMIT
        while download.received != PIECE and time.monotonic() < deadline:
            time.sleep(0.01)
        app.run()
        assert app.get("progress")[0].proto.text == "1.0 MB of 4.2 MB"
        assert app.get("progress")[0].proto.value == 25
        download._last -= 12
        app.run()
        message = app.get("progress")[0].proto.text  # 12 s plus the machine's own delay
        assert re.fullmatch(r"1\.0 MB of 4\.2 MB, no data for \d\d s", message), message
        server.release()
        assert download.wait(LIMIT)
    app.run()
    assert not app.exception and not app.get("progress") and not app.error and not app.warning
    assert "✓ ready, 4.2 MB" in rows(app)["resnet-56"]


def test_dead_network_is_one_sentence_beside_the_button_of_who_asked_for_it_only(monkeypatch):
    serve_resnet56_from(monkeypatch, UrlFile(dead_address(), None, 5))
    asking, passing = opened(), opened()
    button(asking, "resnet-56").click().run()
    assert weight_downloads().get("resnet-56").wait(LIMIT)
    asking.run()
    assert [error.value for error in asking.error] == [weight_downloads().get("resnet-56").error]
    assert "cannot be reached" in asking.error[0].value
    for other in (passing.run(), opened()):
        assert not other.error and button(other, "resnet-56") is not None
    assert button(asking, "resnet-56") is not None


def test_cards_say_which_file_is_accepted():
    assert "Pinned: sha256 e6d1bd7789aa…; any other file is refused." in text_of(card_of("clip-vit-b-32"))
    unpinned = "Pinned on first use, as no digest is published: what this machine fetched first is kept (none so far)."
    assert unpinned in text_of(card_of("clip-vit-b-32-robust"))


def test_unavailable_classifier_says_what_is_missing(monkeypatch):
    serve_resnet56_from(monkeypatch, PackageFile("no_such_package", "x", "no-such-package"))
    app = card_of("resnet-56")
    assert "✕ unavailable" in rows(app)["resnet-56"]
    assert "The package no-such-package is not installed; run 'pip install no-such-package'." in text_of(app)
    assert button(app, "resnet-56") is None


def test_maps_are_listed_with_their_provenance(page):
    table = page.dataframe[0].value
    files = sorted((ROOT / "precomputed" / "heatmaps").glob("*.npz"))
    assert len(table) == len(files)
    clip = table[(table["Classifier"] == "CLIP ViT-B/32 (OpenAI)") & (table["Origin"] == "published")].iloc[0]
    assert clip["Images"] == 10_000 and clip["Size"] == "31 × 31" and clip["v"] == 4.0 and clip["Licence"] == "MIT"
    assert "Galindo & Faria" in clip["Citation"] and clip["Link"].startswith("https://github.com/")


def test_damaged_map_is_named_and_hides_no_other_and_a_folder_without_maps_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "stored_files", lambda kind: sorted(tmp_path.glob("*.npz")))
    assert opened().info[0].value.startswith("This copy has no heat maps.")
    source = ROOT / "precomputed" / "heatmaps" / "resnet-56_cifar10_published.npz"
    (tmp_path / "good.npz").write_bytes(source.read_bytes())
    (tmp_path / "damaged.npz").write_bytes(source.read_bytes()[:2000])
    app = opened()
    assert len(app.dataframe[0].value) == 1
    assert app.error[0].value.startswith("damaged.npz: not a heat map file, or a damaged one")


def test_map_computed_here_says_when_and_on_what(tmp_path, monkeypatch):
    published = Heatmap.load(ROOT / "precomputed" / "heatmaps" / "resnet-56_cifar10_published.npz")
    source = {"type": "computed", "date": "2026-01-02T03:04:05+00:00", "device": "CPU, 2 threads"}
    facts = {**published.metadata, "source": source}
    count = np.full((3, 3), 10, np.int64)
    heatmap_of(count // 2, count // 5, count, np.array([1, 0, 10]), facts).save(tmp_path / "mine.npz")
    monkeypatch.setattr(models, "stored_files", lambda kind: sorted(tmp_path.glob("*.npz")))
    row = opened().dataframe[0].value.iloc[0]
    assert row["Citation"] == "computed with this project, 2026-01-02, on CPU, 2 threads"
    assert row["Origin"] == "computed" and row["Size"] == "3 × 3" and row["Licence"] == "MIT"


def test_samples_are_credited_one_by_one(page):
    table, credits = page.dataframe[1].value, sample_credits("photographs")
    for column in ("Title", "Author", "Licence", "Source"):
        assert list(table[column]) == [getattr(credit, column.lower()) for credit in credits]
    assert list(table["Class"])[:2] == ["tabby", "espresso"]
    assert table["Picture"].str.startswith("data:image/png;base64,").all()
    assert sample_credits("cifar10-samples")[0].author in text_of(page)


def test_commands_of_the_how_to_are_understood_by_the_scripts():
    parsers = {"core.sweep": build_parser, "core.reproduce.profile": build_profile_parser}
    text = (ROOT / "docs" / "extending.md").read_text()
    commands = text.partition("## Your own classifier")[2].partition("\n## ")[0].split("```")[1::2]
    assert len(commands) >= 4
    for command in commands:
        arguments = shlex.split(command.replace("\\\n", " "))
        start = arguments.index("-m") + 1
        assert arguments[0] in ("python", "torchrun")
        args = parsers[arguments[start]]().parse_args(arguments[start + 1 :])
        classifier_spec(args.classifier)  # a known name
        assert (args.output.suffix == ".npz") == (arguments[start] == "core.sweep")


def test_format_size():
    sizes = (605_143_284, 3_471_733, 102_530_333, None)
    assert [format_size(size) for size in sizes] == ["605 MB", "3.5 MB", "103 MB", "size unknown"]


def test_cards_of_bundled_models_say_their_accuracy():
    for name in bundled_specs():
        card = model_card(name)
        assert card is not None
        fact = re.search(r"95 % interval .*, n = 10,000", card)[0]
        start, end = re.sub(r"(?<=\d)%", " %", fact).split("interval ")
        assert f"{start}interval ({end})" in text_of(card_of(name))
    assert model_card("clip-vit-b-32") is None and model_card("..") is None


def opened_cards(app: AppTest) -> list:
    return [expander for expander in app.expander if expander.proto.expanded]


def test_a_link_opens_the_card_of_one_classifier_and_of_no_other(page):
    assert not opened_cards(page), "no card was requested"
    links = [urlsplit(link) for link in re.findall(r'<a href="(models\?[^"]*)"', text_of(page))]
    assert [parse_qsl(link.query) for link in links] == [[(models.CARD, spec.name)] for spec in list_classifiers()]
    for name in ("mini-clip-robust", "clip-vit-b-32"):
        (card,) = opened_cards(card_of(name))
        assert card.label == classifier_spec(name).title
    assert not opened_cards(card_of("../nobody"))


def test_operators_classifiers_have_a_row_and_what_cannot_be_used_has_a_sentence(monkeypatch):
    name = f"open_clip:local-dir:{ROOT / 'precomputed/models/mini-clip'}"
    monkeypatch.setenv("CLIP_LAB_CLASSIFIERS", f"timm:resnet18, timm:[no](such), {name}")
    monkeypatch.setenv("CLIP_LAB_PROFILES", "/nowhere")
    app = opened()
    assert "resnet18.a1_in1k (timm)" in rows(app)["timm:resnet18"] and "CLIP from mini-clip" in rows(app)[name]
    assert "Added on this server; not in the paper" in rows(app)[name] and button(app, "timm:resnet18")
    warning, profile = app.warning
    assert profile.value.endswith("names '/nowhere', which is no folder.")
    message = warning.value.replace("\N{WORD JOINER}", "")
    assert message.startswith(r"CLIP\_LAB\_CLASSIFIERS lists 'timm:\[no\](such)', which cannot be used: timm has no")
    lines = []
    monkeypatch.setattr("ui.server.cache.log", lambda event, **facts: lines.append(facts["reason"]))
    read_list.cache_clear()
    read_list(), read_list()
    assert len(lines) == 2 and "'timm:[no](such)', which cannot be used" in lines[0] and "'/nowhere'" in lines[1]
    read_list.cache_clear()
