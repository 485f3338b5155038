"""Heat maps, sentences on their waves, pictures and hybrids, packed as the app packs them for the browser."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from PIL import Image

from core.data.sample_sets import SAMPLE_SETS, usual_epsilon
from core.fourier.basis import all_random_signs, half_plane
from core.shared.html import TERMS
from precomputed.static_site.charts import chart_html
from precomputed.static_site.markdown import markdown_html
from ui.components.heatmap import PictureUnderWave, ShownMaps, pack_maps, pack_picture
from ui.components.hybrid_mixer import pack_mixture
from ui.components.image_picker import pack_thumbnails
from ui.maps.catalogue import Entry, maps_by_label, shipped_maps
from ui.maps.files import file_stem, map_files, source_text
from ui.maps.judged_maps import claim_html, claim_on
from ui.maps.line_charts import radial_chart
from ui.maps.presets import FIGURES, MapPreset
from ui.maps.sentences import cell_verdict
from ui.maps.views import offered_shows, shown_maps
from ui.shared.pictures import captions, samples
from ui.shared.sentences import sentence_html
from ui.story.networks import on_mixtures
from ui.tools.mixtures import STORED, stored_mixtures
from ui.tools.sentences import crossover_cutoffs

SIDE = 63  # larger maps are cropped, as in the app
SHOWS = ("Error", "Minus clean")
SEEDS = 4  # further signs of the waves, in turn
KEY = "waves"


def usual_maps() -> dict[str, Entry]:
    """Return the shipped maps at the usual v, by label."""
    maps = [entry.heatmap for entry in shipped_maps().values()]
    return maps_by_label(
        [heatmap for heatmap in maps if heatmap.metadata["epsilon"] == usual_epsilon(heatmap.metadata["image_size"])]
    )


def stored_maps() -> dict[str, Any]:
    """Return every shipped map at the usual v, and the difference of any two with equal sides."""
    entries = usual_maps()
    maps_by_show = {
        show: {
            label: _packed([entry], show) for label, entry in entries.items() if show in offered_shows([entry], "Top-1")
        }
        for show in SHOWS
    }
    tables = {show: _table(packed) for show, packed in maps_by_show.items()}
    pairs = [pair for pair in combinations(entries.values(), 2) if pair[0].heatmap.side == pair[1].heatmap.side]
    maps_by_show["Difference"] = {
        " | ".join(entry.label for entry in pair): _packed(pair, "Difference") for pair in pairs
    }
    classifiers = {label: entry.classifier for label, entry in entries.items()}
    sources = markdown_html({label: source_text(entry) for label, entry in entries.items()})
    files = {label: file_stem(label) for label in entries}
    return {"labels": classifiers, "shown": maps_by_show, "tables": tables, "sources": sources, "files": files}


def files_of_maps() -> dict[str, dict[str, str]]:
    """Return the app's files of each map by suffix, in base64; each map's are a pack."""
    packs = {}
    for label, entry in usual_maps().items():
        made = {kind: make() for kind, make in map_files(entry).items()}
        contents = {kind: file.encode() if isinstance(file, str) else file for kind, file in made.items()}
        packs[file_stem(label)] = {kind: base64.b64encode(file).decode() for kind, file in contents.items()}
    return packs


def figure_facts() -> dict[str, dict[str, Any]]:
    """Return the maps behind a click on each of the paper’s figures, by name, with the error by radius."""
    facts = {}
    for name, preset in FIGURES.items():
        chart = radial_chart(_chosen(preset), top=1, selected=preset.frequency, side=SIDE)
        facts[name] = {
            "maps": preset.maps,
            "show": "Error",
            "pictures": next(row.name for row in SAMPLE_SETS.values() if row.title == preset.pictures),
            "wave": preset.frequency,
            "verdicts": _verdict_pack(name),
            "chart": chart_html(chart),
        }
    return facts


def verdicts() -> dict[str, dict[str, Any]]:
    """Return the app's text about each wave on the maps of a figure, HTML: sentences by wave, claims by band."""
    packs = {}
    for name, preset in FIGURES.items():
        chosen, waves, bands = _chosen(preset), {}, {}
        for i, j in half_plane(min(SIDE, *(entry.heatmap.side for entry in chosen))):
            about = claim_on(chosen, (i, j))
            band = about[1].side if about else ""
            verdict = sentence_html(cell_verdict(chosen, (i, j)), *TERMS)
            waves[f"{i},{j}"] = [verdict, band]
            if about and band not in bands:
                bands[band] = {"html": claim_html(*about), "edge": about[1].edge}
        packs[_verdict_pack(name)] = {"waves": waves, "bands": bands}
    return packs


def _verdict_pack(figure: str) -> str:
    return f"verdicts-{figure.replace(' ', '-').lower()}"


def _chosen(preset: MapPreset) -> list[Entry]:
    entries = shipped_maps()
    return [entries[label] for label in preset.maps]


def _table(maps: dict[str, dict[str, Any]]) -> str:
    """Return the colour map that the maps share, removed from each so that the file contains it once."""
    (table,) = {packed.pop("table") for packed in maps.values()}
    return table


def _packed(entries: Sequence[Entry], show: str) -> dict[str, Any]:
    return pack_maps(without_weights(shown_maps(entries, "Top-1", show, SIDE)))


def without_weights(maps: ShownMaps) -> ShownMaps:
    """Return maps whose notes do not say whether weights are on this machine, which is irrelevant elsewhere."""
    return replace(maps, views=[replace(view, note="(the paper’s)" if view.note else "") for view in maps.views])


def hybrid_pairs() -> dict[str, Any]:
    """Return the stored pairs of hybrids, each first at its own cutoff, and a sentence on each."""
    mixtures = stored_mixtures(on_mixtures())
    packed = [pack_mixture(mixture) for mixture in mixtures]
    pairs = [
        {name: value for name, value in packed_mixture.items() if name not in ("strip", "cutoffs", "ticks", "size")}
        | {
            "start": mixture.cutoffs.index(cutoff),
            "html": sentence_html(crossover_cutoffs(mixture.networks, mixture.cutoffs)),
        }
        for packed_mixture, mixture, cutoff in zip(packed, mixtures, STORED["starts"], strict=True)
    ]
    common = {name: packed[0][name] for name in ("strip", "cutoffs", "ticks", "size")}
    return {"common": common, "pairs": pairs}


def picture_set(kind: str) -> dict[str, Any]:
    """Return all bundled pictures of a sample set, with the signs of each under every wave."""
    data, names = samples(kind), captions(kind)
    side = min(SIDE, 2 * (data.image_size // 2) + 1)
    strength = usual_epsilon(data.image_size)
    thumbnails = pack_thumbnails(data.images.transpose(0, 2, 3, 1), names)
    signs = [all_random_signs(side, len(data), seed=seed) for seed in range(SEEDS)]  # (S, S, N, 3) each
    packed = [
        [
            pack_picture(PictureUnderWave(pixels, names[k], strength, strength, signs_of[:, :, k], thumbnails, k), KEY)
            for signs_of in signs
        ]
        for k, pixels in enumerate(data.images)
    ]
    own = ("pixels", "caption", "signs")
    common = {name: value for name, value in packed[0][0].items() if name not in own}
    pictures = [{"caption": seeds[0]["caption"], "signs": [picture["signs"] for picture in seeds]} for seeds in packed]
    if thumbnails.lossless:  # the sheet of all thumbnails then contains the pictures
        sheet = Image.open(io.BytesIO(base64.b64decode(thumbnails.sheet.partition(",")[2])))
        common["strip"]["sheet"] = _webp(sheet)
    else:
        for picture, pixels in zip(pictures, data.images, strict=True):
            picture["webp"] = _webp(Image.fromarray(pixels.transpose(1, 2, 0)))
    return {
        "first": SAMPLE_SETS[kind].first,
        "labels": data.labels.tolist(),
        "common": common,
        "pictures": pictures,
    }


def _webp(picture: Image.Image) -> str:
    """Return a lossless picture as a data URI."""
    buffer = io.BytesIO()
    # In lossless mode "quality" is effort. More takes eighteen times as long without making these smaller.
    picture.save(buffer, "webp", lossless=True, quality=50, method=6)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
