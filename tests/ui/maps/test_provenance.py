"""Text about heat maps: the paper's own are linked, untrusted ones are shown as plain text."""

import re
from dataclasses import replace

import pytest

from core.data.sample_sets import HEATMAPS
from core.fourier.heatmap import Heatmap
from ui.maps.catalogue import computed_text, dataset_title, label_of, published_text

HOSTILE = "[click](https://evil.example) <img src=x onerror=alert(1)> **bold** $x$"


@pytest.fixture
def computed() -> Heatmap:
    return Heatmap.load(HEATMAPS / "efficientnet-lite0_imagenet-sample.npz")


def with_source(heatmap: Heatmap, **changes: object) -> Heatmap:
    return replace(heatmap, metadata=heatmap.metadata | {"source": heatmap.metadata["source"] | changes})


@pytest.mark.parametrize("path", sorted(HEATMAPS.glob("*_published.npz")), ids=lambda path: path.stem)
def test_the_papers_maps_say_run_commit_and_licence(path):
    text = published_text(Heatmap.load(path))
    assert "b97de37" in text and "MIT" in text and "](https://" in text


def test_computed_map_says_when_with_what_and_how_fast(computed):
    text, source = computed_text(computed), computed.metadata["source"]
    assert source["date"][:10] in text and f"{source['wall_seconds']:,.0f} s" in text
    assert computed.metadata["classifier"]["sha256"][:12] in text


@pytest.mark.parametrize("value", [HOSTILE, None, float("nan"), {"b": 1}], ids=repr)
def test_whatever_an_untrusted_file_holds_is_shown_as_plain_text(computed, value):
    names = ("date", "version", "device", "wall_seconds", "images_per_second")
    text = computed_text(with_source(computed, **dict.fromkeys(names, value)))
    assert not re.search(r"(?<!\\)[\[\]<>*$]", text), text


def test_a_file_that_calls_itself_published_gets_no_link(computed):
    text = computed_text(with_source(computed, type="published", url="https://evil.example", citation=HOSTILE))
    assert "evil.example" not in text


def test_names_of_an_untrusted_file_stay_on_one_line(computed):
    facts = computed.metadata
    named = facts["classifier"] | {"name": "a\nb" + "c" * 500}, facts["dataset"] | {"name": "d\ne" + "f" * 500}
    untrusted = replace(computed, metadata=facts | {"classifier": named[0], "dataset": named[1]})
    assert "\n" not in label_of(untrusted) and len(label_of(untrusted)) < 200
    assert dataset_title("cifar10") == "CIFAR-10"
