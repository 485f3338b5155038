"""Untrusted text on a page: its characters, without Markdown."""

import pytest

from ui.shared.url import as_markdown, one_line, whole_number


def test_one_line_has_no_line_breaks_control_characters_or_lone_surrogates():
    text = one_line("a\n\nb\t c\x00\x1b\u2028d \u202ee\u200b \ud800f")
    assert text == "a b c d e f"
    text.encode("utf-8")


@pytest.mark.parametrize("length", [80, 81, 10**7])
def test_one_line_is_never_longer_than_asked(length):
    text = one_line("x" * length, 80)
    assert len(text) == min(length, 80) and text.endswith("…") == (length > 80)


def test_one_line_takes_what_is_no_text():
    assert one_line(None) == "None" and one_line(["a"]) == "['a']"


def test_plain_sentences_pass_as_they_are():
    sentence = "Target 'cat' is not among the 9 classes of classifier 'toy-a'; did you mean “dog” (50.0 %)?"
    assert as_markdown(sentence) == sentence


def test_markdown_signs_lose_their_meaning():
    for special in "\\`*_[]<>$~#|&!":
        assert as_markdown(f"a{special}b") == f"a\\{special}b"


def test_urls_icons_and_emoji_are_broken_up_by_an_invisible_character():
    for text in ("https://evil.example", "www.evil.example", "a@evil.example", ":smile:", ":material/x:"):
        escaped = as_markdown(text)
        assert "\N{WORD JOINER}" in escaped and escaped.replace("\N{WORD JOINER}", "") == text


def test_whole_number_takes_decimal_digits_alone():
    assert [whole_number(text) for text in ("0", "42", "", "-1", "²", "1.0", 5000 * "9")] == [0, 42] + 5 * [None]
