"""The claim beside a wave is the one of *Findings*; the sentence on the wave has the maps' numbers."""

import re

import pytest

from ui.maps.catalogue import CLIP, FIRST_PRESET, PHOTOGRAPHS, PRESETS, RESNET56, shipped_maps
from ui.maps.chosen_wave import claim_on, findings_between, wave_html


def test_linked_page_shows_the_same_verdict():
    """Two pages judge it: *Findings* on the chosen pair, *Frequencies* on the maps of the link."""
    maps, shown = shipped_maps(), 0
    for finding in findings_between(maps[CLIP], maps[RESNET56], *maps.values()):
        if finding.maps and not finding.claim.display.tool and set(finding.maps) <= maps.keys():
            linked, _ = claim_on([maps[label] for label in finding.maps], finding.wave, finding.claim.key)
            assert (linked.claim, linked.verdict) == (finding.claim, finding.verdict), finding.claim.key
            shown += 1
    assert shown


@pytest.mark.parametrize("wave", [(0, 1), (5, -3), (-15, 15)])
def test_sentence_on_a_wave_says_both_errors(wave):
    entries = [shipped_maps()[label] for label in FIRST_PRESET.maps]
    errors = [100 * entry.heatmap.rate()[wave[0] + 15, wave[1] + 15] for entry in entries]
    said = wave_html(entries, wave)
    assert [float(number) for number in re.findall(r"<b>([\d.]+)%", said)] == pytest.approx(errors, abs=0.0501)
    intervals = [entry.heatmap.interval() for entry in entries]
    (low, high), (other_low, other_high) = (
        (part.low[wave[0] + 15, wave[1] + 15], part.high[wave[0] + 15, wave[1] + 15]) for part in intervals
    )
    if low > other_high or other_low > high:  # intervals apart: the difference is clear
        assert "chance" not in said
    assert "chance" in wave_html([entries[0], entries[0]], wave), "a network against itself"
    assert wave_html(entries, (40, 0)) == "", "outside these maps"


def test_sentence_on_an_estimated_error_says_about():
    entries = [shipped_maps()[label] for label in PRESETS[PHOTOGRAPHS].maps]
    estimated = [entry.heatmap.estimate is not None for entry in entries[:2]]
    assert wave_html(entries, PRESETS[PHOTOGRAPHS].frequency).count("about <b>") == sum(estimated)
