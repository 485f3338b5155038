"""The runs that pages show before any click, with the paper's settings scaled to the picture's side. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from core.data.sample_sets import SampleSet
from core.data.samples import load_samples, sample_credits
from core.data.statistics.class_covariance import covariance_path
from core.images.masks import middle_square, usual_side
from core.pgd.config import PGDConfig, paper_generation, paper_inpainting
from core.pgd.penalties import PENALTIES, Penalty
from core.pgd.settings import fast_settings
from core.runs.file import PGDRun, evenly_spaced
from core.runs.plan import RunPlan, inpainting_plan
from core.runs.starts import StartKind, draw_starts, start_facts
from core.runs.stored import row_of

# Kept of a small picture, of several, and of a large one: the free edition carries them all.
FRAMES_OF_ONE, FRAMES_OF_SEVERAL, FRAMES_OF_LARGE = 31, 9, 13
# What the pages offer, with the ending of each run's name.
STORED_PENALTIES: dict[Penalty, str] = {
    penalty: "" if penalty == "eq3" else f"-{penalty.replace('_', '-')}"
    for penalty, words in PENALTIES.items()
    if words.offered
}
STORED_STARTS: dict[StartKind, str] = {"blur": "", "independent": "-noise"}


@dataclass(frozen=True, eq=False)
class Example:
    """One run: "inpainting" or "generation", the subject of its file, its plan."""

    kind: str
    subject: str
    plan: RunPlan


def first_subjects(row: SampleSet) -> tuple[tuple[str, str], ...]:
    """Kind and subject of what pages open with for a sample set; of the last where it draws some classes."""
    found = ("inpainting", f"{row.name}-{row.inpainted}"), ("generation", row.class_set)
    return found if row.drawn else found[:1]


def examples(row: SampleSet) -> Iterator[Example]:
    """Every example of a sample set."""
    data = load_samples(row.dataset)
    # One picture by itself by each penalty, and the row of examples as the page begins.
    wanted: list[tuple[tuple[int, ...], Penalty, str]]
    one = f"{row.name}-{row.inpainted}"
    wanted = [((row.inpainted,), penalty, f"{one}{end}") for penalty, end in STORED_PENALTIES.items()]
    wanted += [(row.filled, "eq3", row_of(row.name))] if row.filled else []
    size = data.image_size
    credits = sample_credits(row.dataset)
    for positions, penalty, subject in wanted:
        credit = "; ".join(dict.fromkeys(f"{credits[at].title}, {credits[at].author}" for at in positions))
        index = positions[0] if len(positions) == 1 else list(positions)
        plan = inpainting_plan(
            data.images[list(positions)],
            middle_square(size),
            [int(data.labels[at]) for at in positions],
            paper_inpainting(size, usual_side(size)),
            images={"dataset": data.name, "index": index, "credit": credit},
            penalty=penalty,
        )
        yield Example("inpainting", subject, plan)
    targets = row.drawn
    # Classes without a covariance here, as ImageNet's, have one stored start: a blur of no class.
    starts: dict[StartKind, str] = STORED_STARTS if covariance_path(row.class_set).is_file() else {"blur": ""}
    for start, suffix in starts.items():
        plan = RunPlan(
            targets=targets,
            start=draw_starts(targets, 1, row.name, 0, start),
            config=paper_generation(size),
            images=start_facts(targets, 1, row.name, start),
        )
        yield Example("generation", f"{row.class_set}{suffix}", plan)


def fast_example(example: Example) -> Example:
    """The same by fewer steps, as `fast_settings` has them, under a subject of its own."""
    settings = asdict(example.plan.config)
    fast = fast_settings(settings)
    if fast is None:
        return example
    return replace(example, subject=fast_subject(example.subject), plan=replace(example.plan, config=PGDConfig(**fast)))


def fast_subject(subject: str) -> str:
    """What the file of a fast run names as its subject."""
    return f"{subject}-fast"


def with_few_frames(run: PGDRun) -> PGDRun:
    """The same run with as many frames as are kept of an example."""
    pictures, *_, side = run.start.shape
    frames = FRAMES_OF_LARGE if side > 32 else FRAMES_OF_SEVERAL if pictures > 1 else FRAMES_OF_ONE
    kept = evenly_spaced(len(run.frames), frames)
    return replace(run, frames=run.frames[kept], frame_steps=run.frame_steps[kept])
