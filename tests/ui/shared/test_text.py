"""Strangers' text on a page: its letters, and nothing that Markdown makes of them."""

import pytest

from ui.shared.text import as_markdown, one_line


def test_one_line_has_no_line_breaks_control_letters_or_lone_surrogates():
    text = one_line("a\n\nb\t c\x00\x1b\u2028d \u202ee\u200b \ud800f")
    assert text == "a b c d e f"
    text.encode("utf-8")


@pytest.mark.parametrize("length", [1, 79, 80, 81, 10**7])
def test_one_line_is_never_longer_than_asked(length):
    text = one_line("x" * length, 80)
    assert len(text) == min(length, 80) and text.endswith("…") == (length > 80)


def test_one_line_takes_what_is_no_text():
    assert one_line(None) == "None" and one_line(["a"]) == "['a']"


def test_plain_sentences_pass_as_they_are():
    sentence = "Target 'cat' is not among the 9 classes of classifier 'toy-a'; did you mean “dog” (50.0 %)?"
    assert as_markdown(sentence) == sentence


@pytest.mark.parametrize("special", list("\\`*_[]<>$~#|&!"))
def test_markdown_signs_lose_their_meaning(special):
    assert as_markdown(f"a{special}b") == f"a\\{special}b"


@pytest.mark.parametrize(
    "text", ["https://evil.example", "www.evil.example", "a@evil.example", ":smile:", ":material/x:"]
)
def test_addresses_icons_and_emoji_are_broken_up_by_an_invisible_letter(text):
    shown = as_markdown(text)
    assert "\N{WORD JOINER}" in shown and shown.replace("\N{WORD JOINER}", "") == text
