"""Maps by label, who predicts beside them, and what an untrusted file may say of itself."""

import re
from dataclasses import replace

from core.classifiers.registry import MODELS, classifier_spec
from core.data.sample_sets import HEATMAPS
from ui.maps.catalogue import (
    CLIP,
    MAP_ONLY,
    MINI_CLIP,
    MINI_RESNET,
    RESNET50,
    RESNET56,
    Entry,
    choose_predictors,
    label_of,
    map_note,
    maps_by_label,
    named_apart,
    shipped_maps,
    source_text,
)
from ui.server.cache import ready_classifiers
from ui.shared.colours import UNKNOWN_COLOUR, model_colour

MAPS = shipped_maps()
MAP = MAPS[MINI_CLIP].heatmap
ROBUST = "Mini ResNet (robust) · CIFAR-10 · computed"
SMALL = "Mini CLIP · CIFAR-10, 1,000 images · computed"


def with_facts(**changes):
    return replace(MAP, metadata={**MAP.metadata, **changes})


def test_map_labels_are_unique():
    assert len(MAPS) == len(list(HEATMAPS.glob("*.npz"))) and {MINI_CLIP, SMALL, CLIP} < MAPS.keys()
    assert [MAPS[label].heatmap.metadata["dataset"]["n"] for label in (MINI_CLIP, SMALL)] == [10_000, 1_000]
    assert [entry.label for entry in MAPS.values() if re.match("[a-z]", entry.label)] == [], "registry names"
    assert [*maps_by_label([with_facts(epsilon=0.5), MAP])] == [
        "Mini CLIP · CIFAR-10, 10,000 images, v = 0.5 · computed", MINI_CLIP,
    ]  # fmt: skip


def test_maps_of_one_network_have_different_names():
    named = named_apart([MAPS[label] for label in (MINI_CLIP, SMALL, CLIP)])
    assert [entry.name for entry in named] == [MINI_CLIP, SMALL, "CLIP ViT-B/32"]


def test_predictors_match_maps_or_their_classes():
    def chosen(*labels, kind="cifar10"):
        return choose_predictors([MAPS[label] for label in labels], ready_classifiers(kind), kind)

    def who(*labels):
        return {predictor.spec.name: predictor.of for predictor in chosen(*labels)}

    assert who(CLIP, RESNET56) == {"mini-clip": "clip-vit-b-32", "mini-resnet": "resnet-56"}
    assert who(CLIP, MINI_CLIP, ROBUST) == {"mini-clip": "", "mini-resnet-robust": ""}
    assert who() == {spec.name: "" for spec in ready_classifiers("cifar10")}
    assert {predictor.of for predictor in chosen(CLIP, RESNET56, kind="imagenet")} == {""}
    predictors = chosen(CLIP, RESNET50)
    assert [row.title for row in predictors] == ["Mini CLIP"] and not map_note(MAPS[CLIP], predictors)
    assert map_note(MAPS[RESNET50], predictors) == MAP_ONLY and not map_note(MAPS[MINI_RESNET], predictors)
    facts = {"classifier": {"name": "clip-vit-b-32"}, "dataset": {"name": "imagenet-sample", "n": 10_000}}
    of_photographs = Entry("CLIP on photographs", with_facts(**facts))
    predictors = choose_predictors([of_photographs], ready_classifiers("cifar10"), "cifar10")
    assert {predictor.of for predictor in predictors} == {""}, "small networks say nothing about other classes"


def test_uploaded_map_gets_no_link_and_loads_nothing():
    source = {
        **MAP.metadata["source"],
        "type": "published",
        "url": "https://evil.example",
        "citation": "[click](https://evil.example)",
    }
    assert "evil.example" not in source_text(Entry("x", with_facts(source=source)))
    name = f"open_clip:local-dir:{MODELS / 'mini-clip'}"
    assert classifier_spec(name).title == "CLIP from mini-clip", "looking up the name finds a model"
    heatmap = with_facts(classifier={"name": name})
    entry = Entry(label_of(heatmap), heatmap)
    assert entry.name == name and not map_note(entry, []) and model_colour(name) == UNKNOWN_COLOUR
    ready = ready_classifiers("cifar10")
    assert [predictor.spec for predictor in choose_predictors([entry], ready, "cifar10")] == ready
