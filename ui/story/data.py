"""Networks and data of each chapter: a role's preferred networks among those with all the data that it needs."""

from __future__ import annotations

from collections.abc import Sequence

from core.claims.claim_table import CLAIMS
from core.claims.finding import Finding
from core.claims.statistics import by_hybrids, stored_hybrids
from core.classifiers.registry import PAPERS_CLIP
from core.data.sample_sets import CIFAR10, SAMPLE_SETS
from core.data.stored import cached_by_files
from core.pgd.examples import stored_classifier, stored_subjects
from core.shared.numbers import Frequency
from core.shared.roles import networks_for
from core.sweep.story_predictions import chosen_pictures, stored_predictions
from ui.maps.catalogue import CLIP, MINI_CLIP, Entry, computed_maps, shipped_maps, stored_title
from ui.maps.chosen_wave import finding_of_claim

PHOTOGRAPHS = SAMPLE_SETS["photographs"]
CHOSEN_PICTURES = chosen_pictures()
STORY_WAVE: Frequency = (CHOSEN_PICTURES["wave"][0], CHOSEN_PICTURES["wave"][1])


@cached_by_files("heatmaps")
def first_maps() -> dict[str, Entry]:
    """Return the first map of each network on CIFAR-10: a published one before others of the same weights."""
    maps: dict[str, Entry] = {}
    for entry in shipped_maps().values():
        facts = entry.heatmap.metadata
        on_cifar = facts["dataset"]["name"] == "cifar10" and tuple(facts["class_names"]) == CIFAR10.names
        if on_cifar and not entry.more and entry.name == stored_title(entry.classifier):
            maps.setdefault(entry.classifier, entry)
    return maps


def computed_map(name: str) -> Entry | None:
    """Return the first map of a network on CIFAR-10's classes that is not a published one; None without one."""
    maps = (entry for entry in computed_maps(name) if not entry.more)
    return next((entry for entry in maps if tuple(entry.heatmap.metadata["class_names"]) == CIFAR10.names), None)


def on_one_picture() -> tuple[str, ...]:
    """Return a CLIP and a ResNet with stored predictions of the picture under each wave."""
    return networks_for("comparison", stored_predictions(), first_maps())


def on_mixtures() -> tuple[str, ...]:
    """Return a CLIP and a ResNet that saw the same hybrids."""
    maps = first_maps()

    def saw_the_same(row: Sequence[str]) -> bool:
        return by_hybrids(*(maps[name].named for name in row)) is not None

    return networks_for("comparison", stored_hybrids(), maps, together=saw_the_same)


def twins() -> tuple[str, ...]:
    """Return an ordinary network and its robust twin with maps."""
    return networks_for("twins", first_maps())


def hole_networks() -> tuple[str, ...]:
    """Return the network that filled the hole of the first photograph by both methods."""
    paths = stored_subjects("inpainting").get(PHOTOGRAPHS.opening_subject, [])
    return networks_for("painter", [stored_classifier(path) for path in paths if path.stem.endswith("__views")])


def titles(names: Sequence[str]) -> list[str]:
    """Return the titles of networks with stored data."""
    return [stored_title(name) for name in names]


def labels(names: Sequence[str]) -> list[str]:
    """Return the labels of networks' maps."""
    return [first_maps()[name].label for name in names]


def finding_on(claim: str, subject: str, reference: str) -> Finding:
    """Return the finding on a claim, by its key, about two shipped maps, given by label.

    Only this claim is checked, in a fraction of the time that *Findings* takes for all.
    """
    maps = shipped_maps()
    return finding_of_claim(maps[subject], maps[reference], CLAIMS[claim])


def far_from_clip() -> str:
    """Return how far, under a typical wave, the error of the network in CLIP's place is from CLIP's: "8.0 points".

    Empty where the two maps cannot be compared, such as a quick map of bundled pictures.
    """
    computed = computed_map(PAPERS_CLIP)
    label = MINI_CLIP if computed is None else computed.label
    evidence = finding_on("different", CLIP, label).evidence
    return evidence[0].number if evidence else ""
