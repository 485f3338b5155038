"""The ten numbers of docs/results.md are those of the stored files."""

import re

from precomputed.makers.numbers import BEGIN, DOCUMENT, END, TEN, lines, main


def test_document_says_what_the_files_say():
    _, begin, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    said, end, _ = rest.partition(END)
    assert begin and end and said.strip() == lines(), "run `python -m precomputed.makers.numbers`"
    assert len(TEN) == 10 and len(re.findall(r"\*\*[^*]*\d[^*]*\*\*", said)) == 10


def test_numbers_are_written_in_their_place(tmp_path, monkeypatch):
    document = tmp_path / "results.md"
    document.write_text(f"before\n{BEGIN}\n1. **0** old.\n{END}\nafter\n")
    monkeypatch.setattr("precomputed.makers.numbers.DOCUMENT", document)
    main()
    assert document.read_text("utf-8") == f"before\n{BEGIN}\n{lines()}\n{END}\nafter\n"
