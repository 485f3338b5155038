"""Print every claim with its verdict, as a Markdown table: python -m core.claims"""

from __future__ import annotations

import re
from pathlib import Path

from core.claims.claim_table import feature_findings, findings
from core.claims.finding import BY_VIEWS, Finding, NamedMap, Topic
from core.classifiers.registry import input_size_and_weights, result_title
from core.data.stored import read_stored, stored_files
from core.fourier.heatmap import Heatmap
from core.pgd.picture_outcomes import judged_outcomes
from core.shared.roles import networks_for

PAPERS = "clip-vit-b-32_cifar10_published", "resnet-56_cifar10_published"  # the maps of the paper's Figure 1


def main() -> None:
    """Print the claims about the paper's own maps, about robust twins, and about what the bundled networks paint."""
    maps = {path.stem: _named(path) for path in stored_files("heatmaps")}
    subject, reference = (maps[name] for name in PAPERS)
    painters = networks_for("contrast_of_pictures", judged_outcomes())
    checked = *findings(subject, reference, [*maps.values()]), *feature_findings(*painters)
    print("| claim | source, networks | verdict | what was measured |\n|---|---|---|---|")
    for topic in Topic:
        print("\n".join(_row(finding) for finding in checked if finding.claim.topic == topic))


def _named(path: Path) -> NamedMap:
    (heatmap,) = read_stored(Heatmap.load, [path])
    classifier = heatmap.metadata["classifier"]
    return NamedMap(result_title(classifier), path.stem, heatmap, *input_size_and_weights(classifier["name"]))


def _row(finding: Finding) -> str:
    claim = (finding.claim.headline or finding.claim.statement).rstrip(".")
    claim += ", by many views" if finding.condition == BY_VIEWS else ""
    networks = " against ".join(finding.names) if len(finding.names) < 3 else f"{len(finding.names)} networks"
    about = ", ".join(filter(None, [finding.claim.source, networks]))
    measured = finding.summary.replace("**", "") or finding.doubts[0]
    row = f"| {claim} | {about} | *{finding.verdict}*{finding.judgement.removeprefix(finding.verdict)} | {measured} |"
    return re.sub("[\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}]", "", row)


if __name__ == "__main__":
    main()
