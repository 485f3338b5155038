"""The examples of the pages: each has its stored runs."""

from dataclasses import replace

import pytest

from core.data.sample_sets import SAMPLE_SETS
from core.runs.examples import examples, first_subjects
from core.runs.stored import stored_subjects


@pytest.mark.parametrize("row", SAMPLE_SETS.values(), ids=lambda row: row.name)
def test_every_example_is_stored_and_pages_open_with_one(row):
    made = {(example.kind, example.subject) for example in examples(row)}
    assert set(first_subjects(row)) <= made
    for kind, subject in made:
        assert subject in stored_subjects(kind), (kind, subject)


def test_pages_open_with_no_drawing_of_a_set_that_draws_none():
    row = SAMPLE_SETS["cifar10"]
    assert [kind for kind, _ in first_subjects(row)] == ["inpainting", "generation"]
    assert first_subjects(replace(row, drawn=())) == first_subjects(row)[:1]
