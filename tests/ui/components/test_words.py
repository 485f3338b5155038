"""Words from the browser, which may send anything."""

import pytest

from ui.components.words.word_box import MAX_TYPED, read_word


def test_a_word_is_read_without_blanks_around_it():
    assert read_word({"word": " red \n wine ", "entered": True}) == ("red wine", True)
    assert read_word({"word": "", "entered": False}) == ("", False)


@pytest.mark.parametrize(
    "sent",
    [None, "castle", 3, {}, {"word": "castle"}, {"word": 3, "entered": True}, {"word": "castle", "entered": "yes"},
     {"word": "x" * (MAX_TYPED + 1), "entered": True}, [{"word": "castle", "entered": True}]],
)  # fmt: skip
def test_an_invalid_word_is_ignored(sent):
    assert read_word(sent) is None
