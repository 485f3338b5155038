"""The examples of the pages: each has its stored runs."""

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
