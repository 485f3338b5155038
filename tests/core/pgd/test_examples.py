"""Examples of the pages: each has its stored runs."""

from dataclasses import replace

import pytest

from core.data.sample_sets import SAMPLE_SETS
from core.pgd.examples import examples, first_subjects, stored_subjects
from core.pgd.settings import paper_generation


@pytest.mark.parametrize("row", SAMPLE_SETS.values(), ids=lambda row: row.name)
def test_every_example_is_stored_and_pages_open_with_one(row):
    made = {(example.kind, example.subject) for example in examples(row)}
    assert set(first_subjects(row)) <= made
    for kind, subject in made:
        assert subject in stored_subjects(kind), (kind, subject)


def test_drawings_of_small_pictures_are_made_with_the_papers_settings():
    drawn = [example.plan.config for example in examples(SAMPLE_SETS["cifar10"]) if example.kind == "generation"]
    assert drawn and all(config == paper_generation(32) for config in drawn)


def test_pages_open_with_no_drawing_of_a_set_that_draws_none():
    row = SAMPLE_SETS["cifar10"]
    assert [kind for kind, _ in first_subjects(row)] == ["inpainting", "generation"]
    assert first_subjects(replace(row, drawn=())) == first_subjects(row)[:1]
