"""A second network's judgements of pictures, drawn or filled, stored or a visitor's own, in sentences."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.classifiers.registry import CLIPS, list_classifiers
from core.data.sample_sets import CLASS_SETS, SAMPLE_SETS, SampleSet
from core.data.words import EXACTLY, covers, everyday_name, find_word
from core.pgd.picture_outcomes import Judgement, choose_judge, fingerprint, judge_run, stored_judgement
from core.pgd.record import PGDRun
from core.shared.numbers import sureness
from core.shared.text import capitalised, ordinal, with_article
from ui.server.cache import classifier_for, ready_classifiers, single_flight_cache, wait_for_first_paint
from ui.server.limits import log
from ui.shared.page_pictures import Picture, predicted
from ui.shared.url import one_line

_FAILURES = (RuntimeError, FileNotFoundError, ValueError)  # of a network that cannot judge
_MAJORITY = 0.5  # a first guess with less needs the number of guesses next to it
_CLOSE = 5  # a higher rank is "only" that


def sample_set_of(run: PGDRun) -> SampleSet | None:
    """Return the sample set with the classes of the run (own texts may follow); None if there is none.

    Of several, that of its pictures, else the first.
    """
    rows = [row for row in SAMPLE_SETS.values() if covers(row.classes, run.metadata["class_names"])]
    return max(rows, key=lambda row: row.dataset == run.metadata["images"].get("dataset"), default=None)


def class_set_of(run: PGDRun) -> str:
    """Return the name of the class set that a run's classes start with, or an empty string."""
    row = sample_set_of(run)
    return "" if row is None else row.class_set


def judgement_of(run: PGDRun, drew: Collection[str] = (), *, live: bool = True) -> Judgement | None:
    """Return what a second network says of a run's results: the stored judgement, else a ready classifier's own.

    A classifier that drew none of the displayed pictures is preferred; a downloaded CLIP never judges, as its first
    prediction is slow. None if no network can judge, before torch may be loaded, or without `live` if none is stored.

    Args:
        drew: names of the networks of the displayed pictures.
    """
    if (stored := stored_judgement(fingerprint(run))) is not None:
        return stored
    class_set = class_set_of(run)
    ready = [spec.name for spec in ready_classifiers(class_set) if live and class_set and spec.name not in CLIPS]
    name = choose_judge(run.metadata["classifier"]["name"], [name for name in ready if name not in drew] or ready)
    if name is None or wait_for_first_paint():
        return None
    try:
        return _judgement(run, name)
    except _FAILURES as error:
        log("no judgement", error=error, classifier=name)
        return None


@single_flight_cache(max_entries=500, key=lambda run, judge: (fingerprint(run), judge))
def _judgement(run: PGDRun, judge: str) -> Judgement | None:
    return judge_run(run, classifier_for(judge, CLASS_SETS[class_set_of(run)]()))


def is_relative(painter: str, judge: str) -> bool:
    """Return True if two networks, given by name, differ in their size alone."""
    first, second = (name.rstrip("0123456789") for name in (painter, judge))
    return first == second


def surest(judgements: Sequence[Judgement | None]) -> int | None:
    """Return the index of the judgement that recognises its picture with the highest probability; None if none does.

    judgements: of one picture each, or None.
    """
    sure = {
        k: judgement.shares[0] if judgement.shares else 0.0
        for k, judgement in enumerate(judgements)
        if judgement is not None and judgement.ranks[:1] == (1,)
    }
    return max(sure, key=sure.__getitem__, default=None)


def guess(judgement: Judgement, row: int) -> tuple[str, bool]:
    """Return a second network's prediction for result `row` with its probability, and True if it is the target."""
    probability = f", {sureness(judgement.shares[row])}" if judgement.shares else ""
    return f"{one_line(everyday_name(judgement.says[row]))}{probability}", judgement.ranks[row] == 1


def second_opinion(judgement: Judgement, row: int, target: str = "") -> tuple[str, bool]:
    """Return what a second network says of result `row`, in one sentence or two, and True if it sees the target.

    The sentence leaves out the network's name, which stands once on each page.

    Args:
        target: in the visitor's word; of one that the network does not see, a second sentence gives its rank. Empty for
            no second sentence.
    """
    viewer = "Shown only the hole, a second network" if judgement.hole_alone else "A second network"
    rank, name = judgement.ranks[row], one_line(everyday_name(judgement.says[row]))
    if rank == 1:
        return f"{viewer} also says {everyday_name(target) or name}{_how_sure(judgement, row)}.", True
    sure = f" ({sureness(judgement.shares[row])})" if judgement.shares else ""
    seen = f"{viewer} sees {with_article(name)}{sure}."
    if not (rank and target):
        return seen, False
    return (
        f"{seen} {capitalised(everyday_name(target))} is {'only ' * (rank > _CLOSE)}its {ordinal(rank)} guess.",
        False,
    )


def _how_sure(judgement: Judgement, row: int) -> str:
    """Return the probability of a judge's first guess in brackets; a small one says of how many classes it is first."""
    if not judgement.shares:
        return ""
    known = {spec.name: spec.vocabulary for spec in list_classifiers()}
    probability, vocabulary = judgement.shares[row], known.get(judgement.judge)
    if probability >= _MAJORITY or vocabulary is None:
        return f" ({sureness(probability)})"
    return f" ({sureness(probability)}, its top guess out of {len(CLASS_SETS[vocabulary]()):,})"


def to_be_exact(run: PGDRun, row: int) -> str:
    """Return a sentence on the class that a word of several has become; empty for any other target."""
    name = became(run, row)
    return EXACTLY.format(word=with_article(name)) if name else ""


def became(run: PGDRun, row: int) -> str:
    """Return the class that a word of several has become to the network itself; empty for any other target."""
    target, samples = run.metadata["class_names"][run.metadata["targets"][row]], sample_set_of(run)
    members = () if samples is None else find_word(target, samples.classes)
    if samples is None or len(members) < 2 or target in samples.classes.names:
        return ""
    try:
        picture = Picture(run.frames[-1, row], None, samples.name, row, target, own=True)
        probabilities = predicted(run.metadata["classifier"]["name"], samples.classes, None, picture)
    except _FAILURES:
        return ""
    return everyday_name(samples.classes.names[max(members, key=lambda member: probabilities[member])])
