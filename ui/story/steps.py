"""The story, step by step. Texts are read in three minutes: a test counts their words."""

from __future__ import annotations

from core.claims import said
from core.claims.checks import CLIP_GRID
from core.data.sample_sets import SAMPLE_SETS
from ui.maps.stories import CLIP, MINI_CLIP, MINI_RESNET
from ui.runs.settings import models_in_url
from ui.shared.url import link
from ui.story import features, figures, waves
from ui.story.features import ORDINARY, ROBUST
from ui.story.shelf import STORED, WAVE
from ui.story.step import Door, Step


def _cell(i: int, j: int) -> tuple[str, str]:
    return "cell", f"{i},{j}"


def _frequency(*parameters: tuple[str, object]) -> Door:
    return Door("Open Frequency sensitivity", link("frequency", *parameters))


def _models(page: str) -> list[tuple[str, str]]:
    return models_in_url(page, "cifar10", (ORDINARY, ROBUST))


SEEN_HERE, AFTER = "seen here", "after section 3.2"

STEPS = (
    Step(
        "Drawing",
        "Both are sure; only one has drawn it",
        "Choose a class. A blur is changed until the network is sure of it. Left a small CLIP, right its robust twin, "
        "trained to withstand small changes.",
        "What the robust twin draws, another network recognises more often.",
        AFTER,
        features.drawing,
        figures.drawing_of_a_class,
        Door(
            "Open Generation",
            link(
                "generation",
                ("generation-set", SAMPLE_SETS["cifar10"].drawn_title),
                *(("generation-classes-cifar10", name) for name in SAMPLE_SETS["cifar10"].drawn),
                *_models("generation"),
            ),
        ),
    ),
    Step(
        "A wave",
        "One slow wave, and a car is a ship",
        "A wave is stripes: i cycles down, j across. Under the slow wave (0, 1) a small CLIP takes this automobile for "
        "a ship; a small CNN does not. Each cell of a map is one wave, its colour the share of pictures then "
        "misclassified.",
        "The wave (0, 1) harms the small CLIP more.",
        SEEN_HERE,
        waves.one_wave,
        figures.picture_under_wave,
        _frequency(
            ("maps", MINI_CLIP),
            ("maps", MINI_RESNET),
            _cell(*WAVE),
            ("pictures", "CIFAR-10"),
            ("picture", STORED["story"]["position"]),
        ),
    ),
    Step(
        "Slow",
        "Slow waves mislead CLIP",
        "The paper’s maps of CLIP and of a ResNet-56. Slow waves lie in the middle, fast ones "
        "in the corners. Compare the middles: lighter is more errors.",
        f"“{said.LOW.quote} …”",
        "paper, section 3.1",
        waves.slow_waves,
        figures.papers_maps,
        _frequency(("story", 1)),
    ),
    Step(
        "Fast",
        "Fast waves mislead it less, but arrive weaker",
        "In the corners it is the other way round. But CLIP enlarges these pictures sevenfold, which blurs fast waves. "
        "So the ResNet was tried with waves as weak: the dotted line.",
        f"“{said.HIGH.quote}”",
        "paper, section 3.1",
        waves.fast_waves,
        figures.weakened_waves,
        _frequency(("story", 2)),
    ),
    Step(
        "Between",
        "In between it is not that simple",
        "The difference of the maps: brown where CLIP has more errors, blue where the ResNet has.",
        "From slow to fast the sign changes more than once.",
        SEEN_HERE,
        waves.crossings,
        figures.difference,
        _frequency(("story", 3)),
    ),
    Step(
        "Patches",
        "A grid of patches shows through",
        f"CLIP cuts the enlarged picture into {CLIP_GRID} × {CLIP_GRID} patches. The regular blue dots are waves that "
        "repeat in every patch. Why they spare it is open.",
        "Waves that repeat in every patch mislead CLIP less.",
        SEEN_HERE,
        waves.patches,
        figures.dips,
        _frequency(("maps", CLIP), _cell(CLIP_GRID, CLIP_GRID)),
        more=waves.the_test,
    ),
    Step(
        "Hole",
        "Both say dog; only one has painted it",
        "The dog’s face is cut out; then the hole is changed until the network says dog. Right: the robust twin.",
        "What the robust twin paints into holes, another network recognises more often.",
        AFTER,
        features.hole,
        figures.filled_hole,
        Door(
            "Open Inpainting",
            link(
                "inpainting",
                ("inpainting-pictures", SAMPLE_SETS["cifar10"].title),
                ("inpainting-picture", SAMPLE_SETS["cifar10"].inpainted),
                *_models("inpainting"),
            ),
        ),
    ),
    Step(
        "Why",
        "What it paints with misleads it",
        "Every step follows the loss’s gradient. How much of it lies along each wave, beside a small CNN’s errors.",
        said.GRADIENT.quote.partition(":")[0] + ".",
        SEEN_HERE,
        features.gradient,
        figures.gradient_and_errors,
        _frequency(("maps", MINI_RESNET), ("tab", "Gradient"), _cell(*WAVE)),
    ),
    Step(
        "Limits",
        "What this is not",
        "The maps of CLIP and ResNet-56 are about the paper’s networks. All else comes from small ones: no proof about "
        "CLIP.",
        "The small CLIP’s map is that of CLIP.",
        "one might think",
        waves.stand_in,
        figures.three_maps,
        Door("Open Models and data", "models"),
        more=features.real_clip,
    ),
)
