import pytest

from core.classifiers.text import (
    LONGEST_NAME,
    LONGEST_TEMPLATE,
    MOST_CLASSES,
    parse_class_list,
    parse_template,
    quoted,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat\ndog", ("cat", "dog")),
        ("cat, dog; polar bear", ("cat", "dog", "polar bear")),
        ("  cat ,\r\n\r\n, dog;;\n", ("cat", "dog")),
        ("polar \t  bear\x00,cat", ("polar bear", "cat")),
        ("قطة، كلب؛ طائر", ("قطة", "كلب", "طائر")),
        ("猫、犬，鳥；魚", ("猫", "犬", "鳥", "魚")),
        ("👩‍🚀, 🐈\N{VARIATION SELECTOR-16}, dog", ("👩‍🚀", "🐈\N{VARIATION SELECTOR-16}", "dog")),
        ("cafe\N{COMBINING ACUTE ACCENT}, \N{ZERO WIDTH SPACE}, tea", ("café", "tea")),
        ("<img src=x onerror=alert(1)>, **bold**, {class}", ("<img src=x onerror=alert(1)>", "**bold**", "{class}")),
        ("B, a", ("B", "a")),
    ],
)
def test_parse_class_list_finds_the_names_in_order(text, names):
    classes = parse_class_list(text)
    assert classes.names == names
    assert classes.name == "custom" and classes.imagenet_indices is None and classes.wnids is None


@pytest.mark.parametrize("count", [2, MOST_CLASSES])
def test_parse_class_list_takes_as_many_as_allowed(count):
    assert len(parse_class_list("\n".join(f"thing {k}" for k in range(count)))) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs 2 to 100 classes and has 0; add some, separated by commas"),
        (" ,;\n \N{ZERO WIDTH SPACE}\x07", "has 0; add some"),
        ("cat", "has 1; add some"),
        (",".join(f"thing {k}" for k in range(MOST_CLASSES + 1)), "has 101; leave some out"),
        ("a, b, a", "only once, and 'a' comes twice; keep one"),
        ("Cat, dog, cAT", "only once, and 'cAT' repeats 'Cat'; keep one"),
        ("straße, STRASSE", "'STRASSE' repeats 'straße'"),
        ("polar  bear, dog, polar bear", "'polar bear' comes twice"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}, cafe\N{COMBINING ACUTE ACCENT}", "comes twice"),
        (f"cat, {'x' * (LONGEST_NAME + 1)}", "has at most 200 characters, and 'x{39}…' has 201; shorten it"),
    ],
)
def test_parse_class_list_says_in_one_sentence_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_class_list(text)
    assert "\n" not in str(caught.value) and ". " not in str(caught.value) and len(str(caught.value)) < 250


def test_parse_class_list_takes_the_longest_name_allowed():
    assert parse_class_list(f"cat, {'x' * LONGEST_NAME}").names[1] == "x" * LONGEST_NAME


def test_parse_template_drops_blanks_and_says_when_there_is_too_much():
    assert parse_template("  a   photo\nof a {class} ") == "a photo of a {class}"
    assert parse_template("y" * LONGEST_TEMPLATE) == "y" * LONGEST_TEMPLATE
    with pytest.raises(ValueError, match="may have 200 characters and has 2,000; shorten it"):
        parse_template("y" * 2000)


def test_quoted_shows_what_is_invisible_and_cuts_what_is_long():
    assert quoted("a\N{RIGHT-TO-LEFT OVERRIDE}b") == r"'a\u202eb'"
    assert quoted("x" * 40) == f"'{'x' * 40}'"
    assert quoted("x" * 41) == f"'{'x' * 39}…'"
