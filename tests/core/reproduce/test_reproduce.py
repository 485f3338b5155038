"""Reproduction of the paper on a small machine: parts, numbers, agreement of maps, and the page."""

import html
import math
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from core.data.datasets import load_dataset
from core.data.sample_sets import CIFAR10, HEATMAPS, imagenet100
from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane
from core.pgd.picture_outcomes import BEFORE, JudgedOutcomes, PictureOutcomes, rank_column
from core.reproduce.__main__ import build_parser, main, run
from core.reproduce.compare import MapAgreement, Match
from core.reproduce.judgements import SERIES
from core.reproduce.paper_parts import KEYS, MAPS, PICTURES, draw_waves
from core.reproduce.profile_parts import PARTS
from core.reproduce.profiled import ProfiledNetwork
from core.reproduce.report import Report, SkippedPart
from core.reproduce.results import map_result, picture_result
from core.shared import paper
from core.shared.numbers import Interval
from tests.core.oracles import newcombe
from tests.core.squares import squares_of_file
from tests.core.toy import save_clip, tiny_clip
from tests.profiles import use_profile
from ui.maps.catalogue import shipped_maps

WAVES, IMAGES = 12, 20


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a random CLIP in open_clip's format, forty coarse pictures as CIFAR-10, and an ImageNet100."""
    place, rng = tmp_path_factory.mktemp("place"), np.random.default_rng(0)
    save_clip(place / "vit", tiny_clip())
    images = rng.integers(0, 256, size=(40, 4, 4, 3), dtype=np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    np.savez(place / "cifar10-test.npz", images=images, labels=np.arange(40) % 10, classes=np.array(CIFAR10.names))
    for wnid in imagenet100().wnids:
        (place / "imagenet100" / wnid).mkdir(parents=True)
        pixels = rng.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / "imagenet100" / wnid / "0.png")
    return place


def arguments(place, output, *more):
    return [
        *("--quick", "--output", str(output), "--limit", str(IMAGES), "--runs", "2", "--device", "cpu"),
        *("--parts", "figure-1,figure-2-clip,figure-4-clip,stand-in-clip,generate-mini-clip"),
        *("--data-dir", str(place), "--imagenet-dir", str(place / "imagenet100")),
        *("--clip", f"open_clip:local-dir:{place / 'vit'}", *more),
    ]


def reproduced(*options):
    return run(build_parser().parse_args(options), "command")


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("output")


@pytest.fixture(scope="module")
def report(place, output):
    """The results of one complete run, on a machine without downloaded weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(place / "no-weights"))
        return reproduced(*arguments(place, output))


def result_of(report, key):
    return next(result for result in report.results if result.part.key == key)


def numbers(result):
    """{name: row} of a part."""
    return {row.what: row for row in result.rows}


def made(output, network, folder="heatmaps", data="cifar10"):
    """The file of a network's profile in a reproduction."""
    (path,) = output.glob(f"profiles/*{network}/{folder}/*{f'_{data}-*' if folder == 'heatmaps' else ''}.npz")
    return path


# Numbers


def test_map_comparison_agrees_with_slow_twin(output, report):
    shown = numbers(result_of(report, "figure-1-clip"))
    files = made(output, "vit"), HEATMAPS / "clip-vit-b-32_cifar10_published.npz"
    here, there = map(squares_of_file, files)
    places = [(i, j) for i in range(31) for j in range(31) if here["count"][i, j] and (j > 15 or (j == 15 and i >= 15))]
    assert len(places) == WAVES and {here["count"][cell] for cell in places} == {IMAGES}
    theirs = [(there["printed_rates"][0][i, j] + there["printed_rates"][0][30 - i, 30 - j]) / 2 for i, j in places]
    # Every image is one observation: the share of waves that mislead the network on it.
    shares = [sum(here["wrong"][i - 15, j - 15][k] for i, j in places) / WAVES for k in range(IMAGES)]
    mean, their_mean = sum(shares) / IMAGES, sum(theirs) / WAVES
    row = shown[f"Mean error over {WAVES} common waves"]
    assert (row.here.value, row.papers) == (pytest.approx(mean), pytest.approx(their_mean))
    variance = sum((share - mean) ** 2 for share in shares) / IMAGES**2
    ends = newcombe(mean, mean * (1 - mean) / variance, their_mean, 10_000)
    assert shown["Mean difference"].here == pytest.approx((mean - their_mean, *ends))
    text = f"{100 * (mean - their_mean):+.1f} points ({100 * ends[0]:+.1f} to {100 * ends[1]:+.1f})".replace("-", "−")
    assert text in report.to_html()


def test_another_network_gets_no_verdict_about_the_paper(report):
    assert result_of(report, "figure-1-clip").match is None
    assert "in the place of CLIP ViT-B/32" in report.to_html()


def test_pictures_are_summarised_with_intervals(output, report):
    shown = numbers(result_of(report, "generate-mini-clip"))
    table = made(output, "mini-clip", "pictures/blur_cifar10")
    columns = next(iter(JudgedOutcomes.load(table).kinds().values())).pictures
    for when in ("before", "after"):
        first, second = columns[f"loss_{when}"]
        middle, half = (first + second) / 2, abs(first - second) / 2
        # Student's t with one degree of freedom is tan(0.475 pi); two values' standard error is half their distance.
        margin = math.tan(0.475 * math.pi) * half
        row = shown[f"Loss {when}, mean of 2"]
        assert row.here == pytest.approx((middle, middle - margin, middle + margin)) and row.papers is None
        assert shown[f"Loss {when}, median"].here.value == pytest.approx(middle)
    assert shown["Become the target"].here.value == (columns["top1_after"] == columns["target"]).mean()
    assert shown["Loss after, mean of 2"].here.value < shown["Loss before, mean of 2"].here.value


def test_losses_of_figure_3_are_reported():
    shown = numbers(losses([3.8] * 4, [2e-4] * 4))
    assert shown["Loss before, mean of 4"].papers == 3.8 and shown["Loss after, mean of 4"].papers == 2e-4
    assert shown["Wrong with the hole (3), right after"].here.value == pytest.approx(2 / 3)


def test_parts_that_cannot_run_are_explained(report):
    (missing,) = report.skipped
    assert missing.part.key == "figure-1-resnet" and missing.reason in html.unescape(report.to_html())
    assert "(--download, in Python download=True), or give a weight file." in missing.reason


def test_samples_replace_missing_data(tmp_path, place):
    parts = ("--parts", "figure-2-clip,stand-in-resnet", "--data-dir", str(tmp_path), "--limit", "10")
    report = reproduced(*arguments(place, tmp_path / "output")[:-4], *parts, *arguments(place, "")[-2:])
    (result,), (missing,) = report.results, report.skipped
    assert result.facts["dataset"]["name"] == "cifar10-samples" and "data folder" in result.note
    assert missing.part.key == "figure-2-clip" and "give a data folder" in missing.reason


def test_folder_of_another_run_is_refused(place, report, output, tmp_path):
    map_file = made(output, "mini-clip")
    copy = tmp_path / map_file.relative_to(output)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(map_file.read_bytes())
    assert main([*arguments(place, tmp_path), "--parts", "stand-in-clip", "--seed", "1"]) == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "No part ran." in page and "of other settings" in page


def test_reproduction_is_a_readable_profile(place, report, output, monkeypatch):
    folder, name = made(output, "vit").parents[1], f"open_clip:local-dir:{place / 'vit'}"
    use_profile(monkeypatch, folder)
    maps = [entry for entry in shipped_maps().values() if entry.classifier == name]
    assert {entry.heatmap.metadata["dataset"]["name"] for entry in maps} == {"cifar10", "imagenet100"}
    network = ProfiledNetwork(name, lambda classes: None, lambda limit: load_dataset("cifar10", place, limit=20), True)
    (item,) = PARTS["map"].items(network)
    assert (folder / item.path).is_file() and not item.is_there(folder), "it has few waves"


# Verdicts


@pytest.mark.parametrize(
    ("difference", "differing", "expected"),
    [
        ((0, -0.01, 0.01), 5, Match.AGREES),
        ((0, -0.01, 0.01), 6, Match.DIFFERS),
        ((-0.01, -0.03, 0.01), 0, Match.UNDECIDED),
        ((0.01, -0.01, 0.03), 0, Match.UNDECIDED),
        ((-0.03, -0.05, -0.01), 0, Match.DIFFERS),
    ],
)
def test_a_map_agrees_within_points_and_waves(difference, differing, expected):
    assert MapAgreement(100, 0, 0, Interval(*difference), differing, 1).match == expected


# The page


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.seen, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)


def test_report_is_static_and_escaped(report):
    name = '<img src=x onerror="a()">|**b**'
    part = replace(MAPS[1], key=name, figure=name)
    files = "mini-resnet_cifar10-1000.npz", "resnet-56_cifar10_published.npz"
    heatmap, published = (Heatmap.load(HEATMAPS / file) for file in files)
    facts = {**heatmap.metadata, "dataset": {**heatmap.metadata["dataset"], "name": name}}
    facts["classifier"] = {**facts["classifier"], "name": name, "weights_id": name}
    heatmap = replace(heatmap, metadata=facts)
    table = losses([1.0], [1.0], name, classifier=facts["classifier"], dataset=facts["dataset"])
    results = [map_result(part, heatmap, published, name), table]
    assert [len(result.figures) for result in results] == [2, 1]  # a map of all waves, and the paper's
    hostile = Tags(Report(name, name, 0, results, [SkippedPart(table.part, name)], 1).to_html())
    assert sum(name in text for text in hostile.text) > 15
    page = "html head meta title style body main h1 h2 h3 p span table thead tbody tr th td div figure img figcaption"
    for tags in (Tags(report.to_html()), hostile):
        assert {tag for tag, _ in tags.seen} <= {*page.split()}
        images = [attributes for tag, attributes in tags.seen if tag == "img"]
        assert images and all(image["src"].startswith("data:image/png;base64,") and image["alt"] for image in images)
        assert not any({"href", "srcset", "onload", "onerror"} & attributes.keys() for _, attributes in tags.seen)
        (policy,) = (attributes["content"] for _, attributes in tags.seen if "http-equiv" in attributes)
        assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_options_are_refused_in_one_sentence(tmp_path, capsys):
    for wrong in (["--parts", "figure-9"], ["--weights", "resnet-56"]):
        with pytest.raises(SystemExit):
            main(["--output", str(tmp_path), *wrong])
    message = capsys.readouterr().err
    assert f"there is no part 'figure-9'; known: {KEYS[0]}" in message and '"resnet-56=FILE"' in message
    assert main(["--output", str(tmp_path / "new"), "--clip", "mini-resnet"]) == 2
    assert "--clip needs a zero-shot classifier; 'mini-resnet' has fixed classes" in capsys.readouterr().err


def test_random_waves_are_nested_and_cover_bands():
    few, many = draw_waves(31, 12, seed=0), draw_waves(31, 48, seed=0)
    assert many[:12] == few and len(set(many)) == 48 and set(many) <= set(half_plane(31))
    radius = [round(math.hypot(*wave)) for wave in few]
    assert sum(r <= 2 for r in radius) == sum(r > 15 for r in radius) == 4
    assert draw_waves(31, 481, seed=0) is None and draw_waves(31, 12, seed=1) != few


def test_each_reproduced_kind_has_a_part_with_the_papers_steps():
    figures = {"inpainting": "figure-3-clip", "generation": "figure-4-clip"}
    runs = paper.PGD_SETTINGS
    parts, kinds = {part.key: part for part in PICTURES}, [series for series in SERIES if series.suffix is not None]
    for series in kinds:
        part = parts[f"{figures[series.task]}{series.suffix}"]
        config, run = part.series.job(224, 3, 0).config, runs[series.task]
        assert part.series is series and all(getattr(config, name) == run[name] for name in ("steps", "step_size"))
    assert sum(part.published is not None for part in PICTURES) == len(kinds) and len(set(KEYS)) == len(KEYS)


def losses(before, after, name=None, **facts):
    """Runs of Figure 3 by the paper's own CLIP with these losses; name: in the place of all names.

    All but the first prediction are wrong with the hole; all but the last are right after.
    """
    part = next(part for part in PICTURES if part.key == "figure-3-clip")
    part, who, n = replace(part, key=name or part.key, figure=name or part.figure), name or part.classifier, len(before)
    kind = {"name": name or "eq3", "task": "inpainting", "config": {"steps": 1}}
    facts = {"classifier": {"name": who}, "kind": kind, "source": {"seconds": 1.0}} | facts
    columns = ("change_inside", "is_target", "label", rank_column(0, BEFORE), rank_column(0))
    pictures = {column: np.ones(n) for column in columns}
    pictures |= {"top1_before": 1.0 * (np.arange(n) == 0), "top1_after": 1.0 * (np.arange(n) < max(1, n - 1))}
    pictures |= {"loss_before": np.array(before), "loss_after": np.array(after)}
    outcomes = PictureOutcomes(who, (name,) if name else (), pictures, facts=facts)
    return picture_result(part, outcomes, b"", name or "")
