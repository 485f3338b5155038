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
from ui.tabs.mixtures import KIND as MIXED_KIND
from ui.tabs.mixtures import STORED as MIXED
from ui.tabs.row import DISTURBANCES, GRADIENT, HYBRIDS


def _cell(i: int, j: int) -> tuple[str, str]:
    return "cell", f"{i},{j}"


def _frequency(*parameters: tuple[str, object]) -> Door:
    return Door("Frequency sensitivity →", link("frequency", *parameters))


def _models(page: str) -> list[tuple[str, str]]:
    return models_in_url(page, "cifar10", (ORDINARY, ROBUST))


SEEN_HERE, AFTER = "seen here", "after section 3.2"

STEPS = (
    Step(
        "Drawing",
        "Both are sure; only one has drawn it",
        "A blur is changed until the network is sure of its class. Left a small CLIP, right its robust twin, trained "
        "against small changes.",
        "Another network recognises more of the robust twin’s drawings.",
        AFTER,
        features.drawing,
        figures.drawing_of_a_class,
        Door(
            "Generation →",
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
        "A wave is stripes: i cycles down, j across. Under (0, 1) a small CLIP takes this automobile for a ship; a "
        "small CNN does not. Each cell of a map is a wave, its colour the error under it.",
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
        "Two in one",
        "A small CLIP sees the slow picture sooner",
        "Two pictures in one: slow waves of the first, fast ones of the other. Move the cutoff: triangles mark where "
        "networks change their minds.",
        "The small CLIP changes its mind at a lower cutoff.",
        SEEN_HERE,
        waves.change_of_mind,
        figures.two_pictures,
        _frequency(
            ("maps", MINI_CLIP),
            ("maps", MINI_RESNET),
            ("pictures", SAMPLE_SETS[MIXED_KIND].title),
            ("picture", MIXED["pairs"][0][0]),
            ("second", MIXED["pairs"][0][1]),
            ("cutoff", f"{MIXED['starts'][0]:g}"),
            ("tab", HYBRIDS),
        ),
    ),
    Step(
        "Slow",
        "Slow waves mislead CLIP",
        "The paper’s maps of CLIP and a ResNet-56. Compare the middles, the slow waves: lighter is more errors.",
        f"“{said.LOW.quote} …”",
        "paper, section 3.1",
        waves.slow_waves,
        figures.papers_maps,
        _frequency(("story", 1)),
    ),
    Step(
        "Fast",
        "Fast waves mislead it less, but arrive weaker",
        "In the corners, the fast waves, it is the other way round. But CLIP enlarges pictures sevenfold, which blurs "
        "these. Dotted: the ResNet under waves as weak.",
        f"“{said.HIGH.quote}”",
        "paper, section 3.1",
        waves.fast_waves,
        figures.weakened_waves,
        _frequency(("story", 2)),
        more=waves.crossings,
    ),
    Step(
        "Weather",
        "Fog is a slow wave, camera noise a fast one",
        "A picture in fog and noise; who is right, a small CLIP and its robust twin.",
        f"“{said.CONTRAST.quote}”",
        "paper, section 1, on robust models",
        waves.weather,
        figures.weather,
        _frequency(
            ("maps", MINI_CLIP),
            ("maps", MINI_RESNET),
            ("tab", DISTURBANCES),
            ("disturbance", "Fog"),
            ("pictures", "CIFAR-10"),
            ("picture", STORED["story"]["position"]),
        ),
    ),
    Step(
        "Patches",
        "A grid of patches shows through",
        f"CLIP cuts the picture into {CLIP_GRID} × {CLIP_GRID} patches. Blue dots: waves that repeat in every patch.",
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
        "The hole, a dog’s face, is changed until the network says dog. Right: the robust twin.",
        "Another network recognises more of the robust twin’s holes.",
        AFTER,
        features.hole,
        figures.filled_hole,
        Door(
            "Inpainting →",
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
        "Every step follows the loss’s gradient: how much lies along each wave, beside a small CNN’s errors.",
        said.GRADIENT.quote.partition(":")[0] + ".",
        SEEN_HERE,
        features.gradient,
        figures.gradient_and_errors,
        _frequency(("maps", MINI_RESNET), ("tab", GRADIENT), _cell(*WAVE)),
    ),
    Step(
        "Limits",
        "What this is not",
        "Only the maps of CLIP and ResNet-56 are the paper’s; the rest comes from small networks: no proof about CLIP.",
        "The small CLIP’s map is that of CLIP.",
        "one might think",
        waves.stand_in,
        figures.three_maps,
        Door("Models and data →", "models"),
        more=features.real_clip,
    ),
)
