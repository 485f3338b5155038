"""docs/extending.md, tried with toys: a new row of a table appears wherever the table is read."""

import html
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st
import torch

import ui.pages.findings
import ui.tools.registry
from core.claims.claim import CLAIMS, Claim, Evidence, Finding, Verdict
from core.claims.verdicts import CHECKS
from core.classifiers.families import FAMILIES
from core.classifiers.registry import VARIABLE, classifier_title, listed_classifiers, load_classifier
from core.pgd.settings import PGDConfig
from core.pgd.steps import Generation, pgd_steps, unit
from core.shared.numbers import Interval
from tests.core.toy import LinearClassifier, linear_family, random_images
from tests.ui.pages.test_findings import opened, table
from tests.ui.pages.test_frequency import open_page, text
from ui.maps.wave import findings_between
from ui.server.cache import ready_classifiers

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("toy", ["penalty", "search"])
def test_a_penalty_and_a_search_arrive_on_the_page_in_the_script_and_in_files(toy):
    command = [sys.executable, "-m", f"tests.toy_{toy}"]  # a process where nothing has read the table before
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.endswith("arrived\n"), done.stderr


def test_a_step_rule_is_one_method_and_keeps_the_ball():
    class BySigns(Generation):
        def step(self, images, x0, gradient, size):
            return images - size * unit(gradient.sign())

    classifier, images, targets = LinearClassifier(), random_images(2, 0) * 0.5 + 0.25, torch.tensor([0, 1])
    config = PGDConfig(epsilon=0.5, step_size=0.1, steps=9)
    start, first, *_, last = pgd_steps(classifier, BySigns(targets), images, config)
    expected = classifier.gradient(images, targets).sign() * 0.1 / 192**0.5
    torch.testing.assert_close(first.images, start.images - expected)
    assert (last.loss < start.loss).all() and float(last.perturbation_norm.max()) <= 0.5 + 1e-6


@pytest.fixture
def claim(monkeypatch) -> Claim:
    """A toy claim: waves exist."""
    row = {"section": "9.9", "quote": "Waves <exist>.", "statistic": "waves of the map", "whose": "subject"}
    claim = Claim.from_row("toy", {**row, "check": "toy"})

    def check(claim, maps):
        share = Evidence("share of <waves>", Interval(0.5, 0.25, 0.75), "error")
        return Finding(claim, Verdict.IN_PART, (share,), ("A toy.",), (maps["subject"].label,), (1, 2))

    monkeypatch.setitem(CLAIMS, "toy", claim)
    monkeypatch.setitem(CHECKS, "toy", check)
    monkeypatch.setattr(ui.pages.findings, "findings_between", findings_between.__wrapped__)  # the original caches
    return claim


def test_a_claim_arrives_in_the_table_of_findings(claim):
    (row,) = [row_html for row_html in table(opened()) if html.escape(claim.statement) in row_html]
    assert "paper, §9.9" in row and "holds in part" in row and "A toy." in row
    assert "share of &lt;waves&gt;: <span" in row and "50.0 %" in row and "(25.0 to 75.0)" in row


def test_a_family_is_loaded_by_its_prefix_listed_for_the_pages_and_named_where_a_name_is_unknown(monkeypatch, tmp_path):
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


def test_a_tab_is_drawn_while_it_is_open_and_no_other_time(monkeypatch):
    toy = ui.tools.registry.Tool(lambda state: st.markdown(f"a toy at {state.frequency}") and None, "what is a toy?")
    monkeypatch.setitem(ui.tools.registry.TOOLS, "Toy", toy)
    app = open_page(tab="Toy", cell="2,3")
    assert not app.exception and "a toy at (2, 3)" in text(app)
    assert app.button_group(key="frequency.card").options[-1].startswith("**Toy**")
    app = open_page(tab="Classes", cell="2,3")
    assert not app.exception and "a toy at (2, 3)" not in text(app)


# Changes to fields or branches of the code are tried in a copy of the project: the places, in the page's order, with
# their old and new text; the script that then knows the change; and its visible effect.
PLACES = {
    "a start of generation": (
        ("core/pgd/starts.py", 'StartKind = Literal["blur"', 'StartKind = Literal["sepia", "blur"'),
        (
            "core/pgd/starts.py",
            '= {\n    "blur"',
            '= {\n    "sepia": StartText("sepia", "Sepia", "Sepia.", offered=True),\n    "blur"',
        ),
        (
            "core/pgd/starts.py",
            '    if kind == "cl',
            '    if kind == "sepia":\n        return Start(kind, natural_statistics(image_size))\n    if kind == "cl',
        ),
    ),
    "a corruption": (
        (
            "core/data/corruptions.py",
            "_ROWS = (",
            '_ROWS = (\n    Corruption("dusk", "Dusk", "low", "share", (0.8, 0.6, 0.4), _dusk, "Nobody’s."),',
        ),
        (
            "core/data/corruptions.py",
            "def _noise(",
            "def _dusk(images, amount, generators):\n    return images * amount\n\n\ndef _noise(",
        ),
    ),
    "a number of a map": (
        ("core/fourier/heatmap.py", "MEANS = {", 'MEANS = {"margin": Number(low=-1.0), '),
        (
            "core/sweep/waves.py",
            "    return (logits",
            "    return (2 * logits.softmax(1).gather(1, targets[:, None])[:, 0] - 1, logits",
        ),
        (
            "core/fourier/heatmap.py",
            "_ROWS = (",
            '_ROWS = (\n    Metric("margin", "Margin", "mean margin", lambda one: one.number("margin")),',
        ),
    ),
}
SCRIPTS = {
    "a start of generation": "pgd generate --start sepia --limit 1 --steps 1",
    "a corruption": "sweep corruptions --pictures 2",
    "a number of a map": "sweep waves --limit 5 --cells 0,0;0,1",
}
SEEN = {
    "a start of generation": """
from core.data.sample_sets import SAMPLE_SETS
from core.pgd.pictures import JudgedOutcomes
from ui.pages.generation import offered_starts
assert JudgedOutcomes.load("toy.npz/pictures.npz").metadata["kinds"][0]["name"] == "sepia"
assert "sepia" in offered_starts(SAMPLE_SETS["cifar10"])
""",
    "a corruption": """
from core.claims.quantities import LOW_CORRUPTIONS
from core.fourier.outcomes import CorruptionOutcomes
found = CorruptionOutcomes.load("toy.npz")
assert found.keys[0] == LOW_CORRUPTIONS[0] == "dusk" and found.measured.all() and (found.spectrum[0, :, 0] > 0).all()
""",
    "a number of a map": """
import numpy as np
from core.fourier.heatmap import heatmap_csv
from core.fourier.heatmap import Heatmap
from ui.maps.catalogue import maps_by_label
from ui.maps.views import offered_metrics
(entry,) = maps_by_label([Heatmap.load("toy.npz")]).values()
margin, probability = (entry.heatmap.number(name) for name in ("margin", "true_probability"))
assert np.isfinite(margin).sum() == 3 and np.allclose(margin, 2 * probability - 1, equal_nan=True)
assert ",margin," in heatmap_csv(entry.heatmap).partition("\\n")[0] and "Margin" in offered_metrics([entry])
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("added", PLACES)
def test_it_goes_from_the_engine_to_the_file_and_to_what_pages_read(added, tmp_path):
    for name in ("core", "ui"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "precomputed").symlink_to(ROOT / "precomputed")
    for name, before, after in PLACES[added]:
        source = (tmp_path / name).read_text("utf-8")
        assert before in source
        (tmp_path / name).write_text(source.replace(before, after, 1), "utf-8")
    same = "--classifier mini-resnet --dataset cifar10-samples --device cpu --output toy.npz"
    for command in (["-m", *f"core.{SCRIPTS[added]} {same}".split()], ["-c", SEEN[added]]):
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
