"""Untrusted links and text: one file reads the URL, text is shown without Markdown."""

from pathlib import Path

from ui.shared.url import as_markdown, one_line, whole_number

UI = Path(__file__).parents[3] / "ui"


def test_no_other_file_reads_or_writes_the_url():
    files = [path for path in UI.rglob("*.py") if "st.query_params" in path.read_text(encoding="utf-8")]
    assert files == [UI / "shared" / "url.py"]


def test_one_line_is_short_and_has_no_control_characters():
    text = one_line("a\n\nb\t c\x00\x1b\u2028d \u202ee\u200b \ud800f")
    assert text == "a b c d e f" and text.encode("utf-8")
    for length in (80, 81, 10**7):
        text = one_line("x" * length, 80)
        assert len(text) == min(length, 80) and text.endswith("…") == (length > 80)
    assert one_line(None) == "None" and one_line(["a"]) == "['a']"


def test_markdown_is_escaped():
    plain = "Target 'cat' is not among the 9 classes of classifier 'toy-a'; did you mean “dog” (50.0 %)?"
    assert as_markdown(plain) == plain
    for special in "\\`*_[]<>$~#|&!":
        assert as_markdown(f"a{special}b") == f"a\\{special}b"
    for text in ("https://evil.example", "www.evil.example", "a@evil.example", ":smile:", ":material/x:"):
        escaped = as_markdown(text)
        assert "\N{WORD JOINER}" in escaped and escaped.replace("\N{WORD JOINER}", "") == text


def test_whole_number_accepts_only_decimal_digits():
    assert [whole_number(text) for text in ("0", "42", "", "-1", "²", "1.0", 5000 * "9")] == [0, 42] + 5 * [None]
