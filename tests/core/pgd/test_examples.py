"""Examples of the pages: each has its stored runs."""

from dataclasses import replace

import pytest

from core.data.sample_sets import SAMPLE_SETS
from core.pgd.examples import examples, first_subjects, stored_subjects
from core.pgd.settings import defaults


@pytest.mark.parametrize("row", SAMPLE_SETS.values(), ids=lambda row: row.name)
def test_example_is_stored(row):
    made = {(example.task, example.subject) for example in examples(row)}
    assert set(first_subjects(row)) <= made
    for task, subject in made:
        assert subject in stored_subjects(task), (task, subject)


def test_small_drawings_use_the_papers_settings():
    drawn = [example.plan.config for example in examples(SAMPLE_SETS["cifar10"]) if example.task == "generation"]
    assert drawn and all(config == defaults("generation", 32) for config in drawn)


@pytest.mark.parametrize("name", ["cifar10", "photographs"])
@pytest.mark.parametrize("drawn", [False, True])
def test_second_set_of_the_classes_overwrites_no_drawings(name, drawn, monkeypatch):
    row = SAMPLE_SETS[name]
    other = replace(row, name="more", title="More", drawn=row.drawn if drawn else ())
    monkeypatch.setitem(SAMPLE_SETS, other.name, other)
    assert [task for task, _ in first_subjects(row)] == ["inpainting", "generation"]
    assert [task for task, _ in first_subjects(other)] == ["inpainting"]
    runs = [
        (example.task, example.subject, example.plan.config.method.name)
        for of in (row, other)
        for example in examples(of)
    ]
    assert len(set(runs)) == len(runs) and {task for task, *_ in runs[len([*examples(row)]) :]} == {"inpainting"}
    assert not [*filter(lambda example: example.task == "generation", examples(replace(row, drawn=())))]
