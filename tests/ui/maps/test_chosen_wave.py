"""The claim beside a wave is the one of *Findings*."""

from ui.maps.catalogue import CLIP, RESNET56, shipped_maps
from ui.maps.chosen_wave import claim_on, findings_between


def test_linked_page_shows_the_same_verdict():
    """Two pages judge it: *Findings* on the chosen pair, *Frequencies* on the maps of the link."""
    maps, shown = shipped_maps(), 0
    for finding in findings_between(maps[CLIP], maps[RESNET56], *maps.values()):
        if finding.maps and not finding.claim.display.tool and set(finding.maps) <= maps.keys():
            linked, _ = claim_on([maps[label] for label in finding.maps], finding.wave, finding.claim.key)
            assert (linked.claim, linked.verdict) == (finding.claim, finding.verdict), finding.claim.key
            shown += 1
    assert shown
