"""Scripts of components, and one value that browser and Python can both change: which one wins."""

import re
from importlib import import_module

from ui.components.mount import SOURCES, Synchronised


def number(value):
    return value if isinstance(value, int) and 0 <= value < 10 else None


def choice(state: Synchronised, value) -> dict:
    return {"value": value, "token": state.token, "about": state.about}


def test_a_choice_is_sent_back_only_to_correct_the_browser():
    state = Synchronised(1, "pictures")
    assert state.receive(choice(state, 4), number) == 4
    assert state.follow(4, "pictures") is state and state.sent == 1, "the data stay the same"
    refused = state.follow(1, "pictures")  # the page did not follow
    assert refused.token != state.token and refused.sent == 1
    assert state.follow(1, "others").sent == 1 and state.follow(4, "others") is not state


def test_a_choice_made_before_a_change_arrived_goes_out_again():
    old = Synchronised(1)
    new = old.follow(2)
    assert new.receive(choice(old, 4), number) == 4
    after = new.follow(4)
    assert after.token not in (old.token, new.token) and after.sent == 4


def test_a_choice_that_makes_no_sense_is_ignored():
    state = Synchronised(1, "pictures")
    whole = choice(state, 4)
    for sent in (None, "no", {}, {"value": 4}, whole | {"value": "4"}, whole | {"value": 10}, whole | {"about": "x"}):
        assert state.receive(sent, number) is None and state.value == 1


def test_the_modules_of_a_component_have_no_name_in_common():
    import_module("ui.pages.story")  # registers them
    for component, (_, script) in SOURCES.items():
        names = re.findall(r"^(?:async )?(?:function\*?|const|let) (\w+)", script, re.MULTILINE)
        assert len(names) == len(set(names)) > 0, component
