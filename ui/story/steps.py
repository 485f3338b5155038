"""The story, step by step. Texts are read in three minutes: a test counts their words."""

from __future__ import annotations

from core.claims.checks import CLIP_GRID
from core.data.sample_sets import SAMPLE_SETS
from core.images.sketch import SKETCHES
from core.runs.starts import STARTS
from core.runs.stored import TWINS
from ui.maps.stories import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.runs.own_start import FIRST
from ui.runs.settings import models_in_url
from ui.shared.url import link
from ui.story import figures
from ui.story.shelf import STORED, WAVE, equally_strong, found, limits, other_networks, the_test, training
from ui.story.step import Door, Step, Trial
from ui.tabs.mixtures import KIND as MIXED_KIND
from ui.tabs.mixtures import STORED as MIXED
from ui.tabs.row import DISTURBANCES, GRADIENT, HYBRIDS


def _cell(i: int, j: int) -> tuple[str, str]:
    return "cell", f"{i},{j}"


def _frequency(*parameters: tuple[str, object]) -> Door:
    return Door("Try it →", link("frequency", *parameters))


def _models(page: str) -> list[tuple[str, str]]:
    return models_in_url(page, "cifar10", TWINS)


def _about(subject: str, reference: str, key: str, *shows: str) -> Trial:
    return Trial(lambda: found(subject, reference)[key], shows)


MINIS = ("maps", MINI_CLIP), ("maps", MINI_RESNET)
PAPERS = "CLIP ViT-B/32", "ResNet-56", "difference"

STEPS = (
    Step(
        "Drawing",
        "Both are sure; only one has drawn it",
        "CLIP learned from the web which text fits a picture. Mini CLIP is its miniature; the robust twin was trained "
        "against small changes.",
        (Trial(training, ("from blurs of no class",)),),
        figures.asked_for_a_class,
        Door(
            "Paint your own →",
            link(
                "generation",
                ("generation-start-from", STARTS["sketch"].label),
                ("generation-classes-cifar10", SKETCHES[FIRST].class_name),
                *_models("generation"),
            ),
        ),
    ),
    Step(
        "A wave",
        "A stripe misleads CLIP, not the ResNet",
        "Move the slider. The other network is a small ResNet, a CNN, trained on pictures and labels.",
        (),
        figures.stripes_and_maps,
        _frequency(*MINIS, _cell(*WAVE), ("pictures", "CIFAR-10"), ("picture", STORED["story"]["position"])),
    ),
    Step(
        "Mixture",
        "CLIP follows the slow picture sooner than the ResNet",
        "Slow waves of one picture, fast waves of another. Triangles mark where networks change their minds.",
        (_about(MINI_CLIP, MINI_RESNET, "relies", "paired difference"),),
        figures.two_pictures,
        _frequency(
            *MINIS,
            ("pictures", SAMPLE_SETS[MIXED_KIND].title),
            ("picture", MIXED["pairs"][0][0]),
            ("second", MIXED["pairs"][0][1]),
            ("cutoff", f"{MIXED['starts'][0]:g}"),
            ("tab", HYBRIDS),
        ),
    ),
    Step(
        "Slow",
        "Under slow waves CLIP errs more than the ResNet",
        "The paper’s maps; slow waves lie inside the dashed line.",
        (_about(CLIP, RESNET56, "low", *PAPERS),),
        figures.papers_maps,
        _frequency(("story", 1)),
    ),
    Step(
        "Fast",
        "Under fast waves CLIP errs less, but meets them weakened",
        "CLIP enlarges pictures sevenfold, which blurs fast waves (outside the dashed line).",
        (_about(CLIP, RESNET56, "high", *PAPERS),),
        figures.weakened_waves,
        _frequency(("story", 2)),
        more=equally_strong,
    ),
    Step(
        "Weather",
        "Low contrast harms the robust twin more, noise less",
        "Fog and contrast change slow waves, noise fast ones.",
        (_about(MINI_CLIP, MINI_RESNET, "contrast", "contrast changes", "fast disturbances"),),
        figures.weather,
        _frequency(
            *MINIS,
            ("tab", DISTURBANCES),
            ("disturbance", "Fog"),
            ("pictures", "CIFAR-10"),
            ("picture", STORED["story"]["position"]),
        ),
    ),
    Step(
        "Patches",
        "Its patches spare CLIP some waves",
        f"Blue dots: waves that repeat in each of CLIP’s {CLIP_GRID} × {CLIP_GRID} patches.",
        (_about(CLIP, RESNET56, "lattice", f"CLIP ViT-B/32 at multiples of {CLIP_GRID}", "ResNet-56"),),
        figures.dips,
        _frequency(("maps", CLIP), _cell(CLIP_GRID, CLIP_GRID)),
        more=the_test,
    ),
    Step(
        "Hole",
        "Both say dog; only one has painted it",
        "Each fills the hole until it says dog, the rest unchanged: the paper’s Eq. 3. Right: the robust twin.",
        (),
        figures.filled_hole,
        Door(
            "Fill your own →",
            link(
                "inpainting",
                ("inpainting-pictures", SAMPLE_SETS["cifar10"].title),
                ("inpainting-picture", SAMPLE_SETS["cifar10"].inpainted),
                *_models("inpainting"),
            ),
        ),
        more=other_networks,
    ),
    Step(
        "Why",
        "What a network paints with misleads it",
        "Painting follows the gradient: how each pixel moves the answer.",
        (_about(MINI_RESNET, MINI_CLIP, "gradient", "rank correlation over 481 waves"),),
        figures.gradient_and_errors,
        _frequency(("maps", MINI_RESNET), ("tab", GRADIENT), _cell(*WAVE)),
    ),
    Step(
        "Limits",
        "What this is not",
        "Only CLIP’s and ResNet-56’s maps are the paper’s; others prove nothing about CLIP.",
        (),
        figures.three_maps,
        Door("Models and data →", "models"),
        more=limits,
    ),
)
