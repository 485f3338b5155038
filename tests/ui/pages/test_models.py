"""The page *Models* under Streamlit's AppTest."""

import dataclasses
import html
import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP, bundled_specs, classifier_spec, list_classifiers
from core.classifiers.weights import PackageFile, UrlFile
from core.pgd.drawings import judge_name
from core.shared.roles import RELATIONS
from tests.hub_server import LIMIT, dead_address
from tests.ui.page_runner import bodies, open_page
from ui.maps.catalogue import CLIP, MINI_CLIP, shipped_maps
from ui.pages import models
from ui.server.downloads import WeightDownloads, weight_downloads
from ui.shared.url import format_size
from ui.story.data import finding_on

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


def opened(card: str = "") -> AppTest:
    return open_page("models", **({models.OPEN_CARD: card} if card else {}))


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.header, app.caption, app.error, app.warning, app.info)
    texts = [element.value for kind in kinds for element in kind]
    return html.unescape("\n".join([*texts, *bodies(app)]))


def rows_of_table(app: AppTest) -> dict[str, str]:
    """Return the text of each classifier's row in the table, by its name."""
    found = re.findall(r'<tr class="([^"]*)">(.*?)</tr>', "".join(bodies(app, 'class="networks"')))
    return {name: html.unescape(re.sub("<[^>]*>", " ", row)) for name, row in found}


def button(app: AppTest, name: str):
    return next((candidate for candidate in app.button if candidate.key == f"models.download.{name}"), None)


def use_weights(monkeypatch, name, weights):
    monkeypatch.setitem(CLASSIFIERS, name, dataclasses.replace(CLASSIFIERS[name], weights=weights))


def test_models_link_to_card_and_maps(page):
    specs = list_classifiers()
    assert [*rows_of_table(page)] == [spec.name for spec in specs] and RELATIONS.keys() == {
        *CLASSIFIERS,
        *bundled_specs(),
    }
    for spec in specs:
        assert (
            spec.title in rows_of_table(page)[spec.name]
            and RELATIONS[spec.name]["short"] in rows_of_table(page)[spec.name]
        )
    table = html.unescape("".join(bodies(page, 'class="networks"')))
    links = [urlsplit(link) for link in re.findall(r'<a href="(models\?[^"]*)"', table)]
    assert [parse_qsl(link.query) for link in links] == [[(models.OPEN_CARD, spec.name)] for spec in specs]
    linked = map(unquote, re.findall(r'frequency\?maps=([^"]*)"', text_of(page)))
    shipped = [label for label, entry in shipped_maps().items() if entry.classifier in {spec.name for spec in specs}]
    assert sorted(linked) == sorted(label for label in shipped if "1,000 images" not in label)


def test_four_networks_are_first_and_the_rest_is_folded(page):
    rows = {row.name: row for row in models.parts()}
    names = {
        "paints": ("efficientnet-lite0",),
        "judges": (judge_name(),),
        "answers": ("mini-clip", "mini-resnet"),
        "clip": (PAPERS_CLIP,),
    }
    assert {name: row.networks for name, row in rows.items()} == names
    shown = bodies(page, 'class="part"')
    for row, body in zip(rows.values(), shown, strict=True):
        assert row.heading in body and all(classifier_spec(name).title in html.unescape(body) for name in row.networks)
    assert "2,911 words" in shown[0] and "stand in for CLIP ViT-B/32 and ResNet-56" in shown[2]
    (rest,) = [part for part in page.expander if "networks" in part.label]
    assert f"All {len(list_classifiers())} networks" in rest.label and not rest.proto.expanded
    assert "download it above" in rows_of_table(page)[PAPERS_CLIP]


def test_download_sizes_are_shown(page):
    text = text_of(page)
    far = finding_on("different", CLIP, MINI_CLIP).evidence[0].measured.value
    assert "any sentence" in text and "button-link" not in text and f"CLIP’s by {100 * far:.1f} points" in text
    assert button(page, "clip-vit-b-32").label == "Download (605 MB)"
    assert button(page, "resnet-56").label == "Download (3.5 MB)" and format_size(None) == "size unknown"
    path = ROOT / "precomputed" / "models" / "mini-clip" / "open_clip_model.safetensors"
    assert f"✓ ready, {path.stat().st_size / 1e6:.1f} MB" in rows_of_table(page)["mini-clip"]
    assert button(page, "efficientnet-lite0") is None
    assert not weight_downloads().running and weight_downloads().get("resnet-56") is None


def test_download_error_is_shown_only_to_its_visitor(monkeypatch):
    use_weights(monkeypatch, "resnet-56", UrlFile(dead_address(), None, 5))
    asking = opened()
    button(asking, "resnet-56").click().run()
    assert weight_downloads().get("resnet-56").wait(LIMIT)
    (error,) = asking.run().error
    assert error.value == weight_downloads().get("resnet-56").error and "Couldn’t reach" in error.value
    passing = opened()
    assert not passing.error and all(button(app, "resnet-56") for app in (asking, passing))


def test_card_shows_facts_and_invalid_link_opens_none(monkeypatch):
    for spec in map(classifier_spec, ("mini-clip-robust", "clip-vit-b-32")):
        app = opened(spec.name)
        (card,) = [part for part in app.expander if part.proto.expanded]
        text = text_of(app)
        assert card.label == spec.title
        for fact in (spec.name, spec.kind, spec.licence, spec.source, spec.weights_id, *RELATIONS[spec.name].values()):
            assert fact in text, (spec.name, fact)
        if written := models.model_card(spec.name):
            assert re.search(r"95% interval .*, n = 10,000", written)[0] in text
    assert "sha256 e6d1bd7789aa…" in text
    assert {spec.name for spec in list_classifiers() if models.model_card(spec.name)} == {*bundled_specs()}
    assert not [part for part in opened("../nobody").expander if part.proto.expanded]
    assert models.model_card("..") is None
    use_weights(monkeypatch, "resnet-56", PackageFile("no_such_package", "x", "no-such-package"))
    app = opened("resnet-56")
    assert "✕ unavailable" in rows_of_table(app)["resnet-56"] and button(app, "resnet-56") is None
    assert "no-such-package" in text_of(app)


def test_configured_classifiers_are_listed_or_explained(monkeypatch):
    name = f"open_clip:local-dir:{ROOT / 'precomputed/models/mini-clip'}"
    monkeypatch.setenv("CLIP_LAB_CLASSIFIERS", f"timm:resnet18, timm:[no](such), {name}")
    app = opened()
    assert "resnet18.a1_in1k (timm)" in rows_of_table(app)["timm:resnet18"] and "mini-clip" in rows_of_table(app)[name]
    assert button(app, "timm:resnet18")
    (warning,) = app.warning
    assert r"'timm:\[no\](such)'" in warning.value.replace("\N{WORD JOINER}", "")
