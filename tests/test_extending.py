"""docs/extending.md: every row of its tables works where the table is read, in a script, its file and on the page."""

import html
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from streamlit.testing.v1 import AppTest

from core.claims import wave_claims
from core.claims.claim_table import CLAIMS, DRAWN, FILLED, findings
from core.claims.finding import Topic
from core.claims.verdict import Verdict
from core.classifiers.families import FAMILIES
from core.classifiers.registry import VARIABLE, classifier_title, listed_classifiers, load_classifier
from core.data.sample_sets import SAMPLE_SETS
from core.fourier.heatmap import MEANS, METRICS, Heatmap, draw_map, heatmap_csv
from core.pgd.__main__ import main as pgd
from core.pgd.methods import METHODS
from core.pgd.picture_outcomes import JudgedOutcomes
from core.pgd.settings import PENALTIES, PGDConfig
from core.pgd.starts import MADE_STARTS
from core.pgd.steps import Generation, pgd_steps, unit
from core.reproduce.judgements import SERIES
from core.sweep.__main__ import main as sweep
from tests.core.toy import LinearClassifier, linear_family, random_images
from tests.ui.pages.test_frequency import open_page
from ui.maps.catalogue import CLIP, RESNET56, maps_by_label, shipped_maps
from ui.maps.map_options import offered_metrics
from ui.pages.findings import of_topic
from ui.server.cache import ready_classifiers
from ui.shared.verdicts import findings_html
from ui.story.chapters import CHAPTER_NAMES, chapter
from ui.tools.tool_table import TOOLS

ROOT = Path(__file__).parents[1]
NETWORK = ["--classifier", "mini-resnet", "--dataset", "cifar10-samples", "--device", "cpu"]
# Every row that a script draws by: its command, the option and the row's name.
BY_SCRIPT = [
    *(("inpaint", "penalty", name) for name in PENALTIES),
    *(("generate", "method", name) for name in METHODS),
    *(("generate", "start", name) for name in MADE_STARTS),
]


@pytest.mark.parametrize(("task", "option", "name"), BY_SCRIPT)
def test_penalties_methods_and_starts_go_from_script_to_file(task, option, name, tmp_path):
    command = [task, *NETWORK, "--limit", "1", "--steps", "2", f"--{option}", name, "--output", str(tmp_path / "out")]
    assert pgd(command) == 0
    (kind,) = JudgedOutcomes.load(tmp_path / "out" / "pictures.npz").metadata["kinds"]
    stored = {
        "method": kind["config"].get("method"),
        "penalty": kind["objective"].get("penalty"),
        "start": kind["name"],
    }
    assert stored[option] == name


def test_each_offered_penalty_is_judged_and_named():
    offered = {penalty for penalty, row in PENALTIES.items() if row.offered}
    assert offered == {series.penalty for series in SERIES if series.task == "inpainting"} == set(FILLED)
    assert offered == {series.name for series in SERIES if series.task == "inpainting" and series.compared is None}


def test_each_judged_start_is_named():
    judged = {series.start: series.name for series in SERIES if series.task == "generation" and series.compared is None}
    assert list(judged) == list(judged.values()) and {*judged} == {*DRAWN}


def test_map_number_is_measured_stored_and_exported(tmp_path):
    command = ["waves", *NETWORK, "--limit", "5", "--cells", "0,0;0,1", "--output", str(tmp_path / "map.npz")]
    assert sweep(command) == 0
    heatmap = Heatmap.load(tmp_path / "map.npz")
    (entry,) = maps_by_label([heatmap]).values()
    assert offered_metrics([entry]) == list(METRICS)
    for name in MEANS:
        assert np.isfinite(heatmap.number(name)).sum() == 3
        assert name in heatmap_csv(heatmap).partition("\n")[0].split(",")


def test_the_claim_of_the_docs_is_judged_and_a_row_of_its_tab(monkeypatch):
    text = (Path(__file__).parents[1] / "docs" / "extending.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(@.*?)```", text, re.DOTALL)
    exec(code, scope := dict(vars(wave_claims)))
    claim = scope["half"]
    monkeypatch.setitem(CLAIMS, claim.key, claim)
    maps = [shipped_maps()[label].named for label in (CLIP, RESNET56)]
    found = of_topic(Topic.WAVES, findings(*maps, maps))
    (finding,) = (finding for finding in found if finding.claim is claim)
    assert finding.verdict == Verdict.FAILS and finding.maps == (CLIP,) and finding.names == ("CLIP ViT-B/32",)
    row = re.sub("<[^>]*>", "", findings_html([finding]))
    for part in (
        claim.statement,
        "CLIP ViT-B/32 is wrong on 32.4% of pictures.",
        "The mean error of CLIP ViT-B/32 over",
    ):
        assert part in row


@pytest.mark.parametrize("tool", TOOLS)
def test_only_the_open_tool_is_drawn(tool, monkeypatch):
    drawn = []
    for name, row in list(TOOLS.items()):
        monkeypatch.setitem(TOOLS, name, replace(row, draw=lambda state, name=name: drawn.append(name)))
    app = open_page(tab=tool, cell="2,3", pictures="CIFAR-10")
    assert not app.exception and set(drawn) == {tool}


def test_every_link_to_a_tool_names_one():
    of_claims = {claim.display.tool for claim in CLAIMS.values() if claim.display.tool}
    chapters = html.unescape("".join(repr(chapter(index)) for index in range(len(CHAPTER_NAMES))))
    queries = [parse_qs(query) for query in re.findall(r"frequency\?([^\s\"')]*)", chapters)]
    of_chapters = {tool for query in queries for tool in query.get("tab", [])}
    assert of_claims and of_chapters and of_claims | of_chapters <= TOOLS.keys()


def test_classifier_family_is_loaded_and_listed(monkeypatch, tmp_path):
    monkeypatch.setitem(FAMILIES, "toy", linear_family(tmp_path))
    classifier = load_classifier("toy:name")
    assert classifier.name == "toy:name" and classifier(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    for wrong, error, message in (
        ("toy:other", FileNotFoundError, r"'toy:other' cannot be loaded: the folder .* lacks other\.pt"),
        ("toys:name", ValueError, r"known: .*, torchvision:NAME, toy:NAME$"),
    ):
        with pytest.raises(error, match=message):
            load_classifier(wrong)
    monkeypatch.setenv(VARIABLE, "toy:name, toy:other, resnet-17")
    assert list(listed_classifiers().specs) == ["toy:name"] and classifier_title("toy:name") == "Toy name"
    lacking, unknown = listed_classifiers().refused
    assert "lacks other.pt" in lacking and unknown.endswith("torchvision:NAME or toy:NAME.")
    ready = {set_: [spec.name for spec in ready_classifiers(set_)] for set_ in ("cifar10", "imagenet")}
    assert "toy:name" in ready["cifar10"] and "toy:name" not in ready["imagenet"]


def test_step_rule_is_applied_within_the_ball():
    class BySigns(Generation):
        def step(self, images, x0, gradient, size):
            return images - size * unit(gradient.sign())

    classifier, images, targets = LinearClassifier(), random_images(2, 0) * 0.5 + 0.25, torch.tensor([0, 1])
    config = PGDConfig(epsilon=0.5, step_size=0.1, steps=9)
    start, first, *_, last = pgd_steps(classifier, BySigns(targets), images, config)
    expected = classifier.gradient(images, targets).sign() * 0.1 / 192**0.5
    torch.testing.assert_close(first.images, start.images - expected)
    assert (last.loss < start.loss).all() and float(last.perturbation_norm.max()) <= 0.5 + 1e-6


def in_new_process(*lines: str) -> None:
    """Run lines of Python in a process of their own, as a change of a table's file would be read."""
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, cwd=ROOT)


def test_fifth_method_is_read_by_all():
    in_new_process(
        "from dataclasses import replace",
        "from core.pgd import methods",
        "methods.METHODS['fifth'] = replace(methods.METHODS['strokes'], title='Fifth')",
        "from core.reproduce.judgements import SERIES",
        "from ui.runs.replay import METHOD_TITLES",
        "assert 'fifth' in {series.compared for series in SERIES} and METHOD_TITLES['fifth'] == 'Fifth'",
    )


@pytest.mark.parametrize("methods", [("paper",), ("strokes",), ("views_only",), ("paper", "views")])
def test_chosen_methods_are_explained_and_no_others(methods):
    app = AppTest.from_string(
        "import streamlit as st\nfrom ui.runs.outcome import drawing_formulas\n"
        f"drawing_formulas('grey', {methods!r}, '')"
    ).run()
    shown = "\n".join(element.value for element in app.markdown)
    for name, row in METHODS.items():
        assert (f"**{row.title}**" in shown) == (name in methods and name != "paper"), name


def test_fifth_canvas_is_a_start_and_changes_no_count():
    in_new_process(
        "from core.data import canvases",
        "from core.data.canvases import Canvas, tried_canvases",
        "canvases.CANVASES['dusk'] = Canvas('Dusk', ((90, 60, 110), (30, 30, 50)), 0.06, 'a dark sky')",
        "from core.pgd.drawings import QUICK_CANVASES, counted, stored_kinds",
        "from core.pgd.starts import MADE_STARTS, start_of",
        "assert {*QUICK_CANVASES} <= {*stored_kinds()} and counted('canvases').endswith(' of 40')",
        "assert 'dusk' in MADE_STARTS and start_of('hen', 'imagenet', 224, 'dusk').distribution.mean.shape[0] == 3",
        "assert len(tried_canvases('sea')) == len(tried_canvases('dusk')) == canvases.TRIES == 4",
        "assert 'dusk' in tried_canvases('dusk') and 'grey' not in tried_canvases('dusk')",
    )


def test_second_set_of_large_photos_has_its_own_button(monkeypatch):
    twin = replace(SAMPLE_SETS["photographs"], name="more", title="More photos", drawn_title="More, 224 px")
    monkeypatch.setitem(SAMPLE_SETS, "more", twin)
    app = AppTest.from_string("from ui.pages.generation import page\npage()").run()
    (sets,) = (each for each in app.get("button_group") if each.label == "Pictures")
    labels = [option.content for option in sets.proto.options]
    assert len(labels) == len({*labels}) == 3, labels


def test_number_without_an_upper_end_has_a_whole_colour_bar():
    metric = replace(METRICS["Probability"], value_range=(0.0, math.inf))
    first, second = np.array([[0.5, np.nan]]), np.array([[2.5, 7.5]])
    assert metric.ends(first, second) == (0.0, 7.5) and metric.ends(np.array([[np.nan]])) == (0.0, 1.0)
    assert METRICS["Probability"].ends(first, second) == (0.0, 1.0)
    figure = Figure()
    draw_map(figure.add_subplot(), np.full((3, 3), 7.5), metric, title="")
    assert figure.axes[0].images[0].get_clim() == (0, 750)


def test_documents_name_tools_that_are_there():
    named = {
        name
        for path in (ROOT / "docs").glob("*.md")
        for name in re.findall(r"[Tt]ool \*([^*]+)\*", path.read_text("utf-8"))
    }
    assert named and named <= TOOLS.keys()
