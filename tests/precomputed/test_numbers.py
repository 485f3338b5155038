"""The numbers of the README and the ten of docs/results.md are those of the stored files."""

import re
from dataclasses import replace

import pytest

from core.data.sample_sets import imagenet
from core.data.words import vocabulary
from precomputed.makers.readme_numbers import BLOCKS, ROOT, TEN, ten_numbers


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_document_says_what_the_files_say(block):
    begin, end = block.marks
    _, found, rest = block.document.read_text("utf-8").partition(begin)
    said, closed, _ = rest.partition(end)
    assert found and closed and said.strip() == block.lines(), "run `python -m precomputed.makers.readme_numbers`"


def test_each_of_the_ten_has_a_number():
    assert len(TEN) == 10 and len(re.findall(r"\*\*[^*]*\d[^*]*\*\*", ten_numbers())) == 10


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_numbers_are_written_in_their_place(block, tmp_path):
    begin, end = block.marks
    document = tmp_path / "document.md"
    document.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    replace(block, document=document).write()
    assert document.read_text("utf-8") == f"before\n{begin}\n{block.lines()}\n{end}\nafter\n"


def test_documents_count_the_words_alike():
    count = f"{len(vocabulary(imagenet())):,} words"
    released = (ROOT / "CHANGELOG.md").read_text("utf-8").partition("\n## 1.")[0]
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    texts = [released, *(document.read_text("utf-8") for document in documents)]
    counts = [{*re.findall(r"\b\d,\d{3} words", text)} for text in texts]
    assert counts[:2] == [{count}] * 2 and all(said <= {count} for said in counts), counts
