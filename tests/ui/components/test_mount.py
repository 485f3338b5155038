"""Scripts of components, and a value that browser and Python can both change: the last change wins."""

import doctest
import re
from importlib import import_module

import ui.components.versioned
from ui.components.mount import SOURCES, receive
from ui.components.versioned import Versioned


def number(value):
    return value if isinstance(value, int) and 0 <= value < 10 else None


def choice(value, version=0, about="pictures") -> dict:
    return {"value": value, "token": version, "about": about}


def test_example_of_versioned():
    assert doctest.testmod(ui.components.versioned, raise_on_error=True).attempted > 9


def test_choice_is_not_sent_back_unless_the_page_refuses_it():
    current = Versioned((1, "pictures"))
    assert receive(choice(4), current, number) == 4
    current.set((4, "pictures"))
    assert (current.version, current.sent) == (0, (1, "pictures")), "the data stay the same"
    current.set((1, "pictures"))  # the page did not follow
    assert (current.version, current.sent) == (1, (1, "pictures"))


def test_other_subject_is_sent_with_the_same_value():
    current = Versioned((1, "pictures"))
    current.set((1, "others"))
    assert (current.version, current.sent) == (1, (1, "others"))


def test_choice_made_before_a_change_arrived_is_sent_back():
    current = Versioned((1, "pictures"))
    current.set((2, "pictures"))
    assert receive(choice(4), current, number) == 4
    current.set((4, "pictures"))
    assert (current.version, current.sent) == (2, (4, "pictures"))


def test_invalid_choice_is_ignored():
    current = Versioned((1, "pictures"))
    for sent in (None, "no", {}, {"value": 4}, choice("4"), choice(10), choice(4, about="x")):
        assert receive(sent, current, number) is None and current.value == (1, "pictures")


def test_modules_of_a_component_share_no_name():
    import_module("ui.pages.story")  # registers them
    for component, (_, script) in SOURCES.items():
        names = re.findall(r"^(?:async )?(?:function\*?|const|let) (\w+)", script, re.MULTILINE)
        assert len(names) == len(set(names)) > 0, component
