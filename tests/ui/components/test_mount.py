"""One value that browser and Python can both change: which one wins, and what is sent."""

import json

from streamlit.testing.v1 import AppTest

from ui.components.mount import Synchronised


def number(value):
    return value if isinstance(value, int) and 0 <= value < 10 else None


def choice(state: Synchronised, value) -> dict:
    return {"value": value, "token": state.token, "about": state.about}


def test_a_choice_is_taken_and_sent_back_only_to_put_the_browser_right():
    state = Synchronised(1, "pictures")
    assert state.receive(choice(state, 4), number) == 4
    assert state.follow(4, "pictures") is state and state.sent == 1
    refused = state.follow(1, "pictures")  # the page did not follow
    assert refused.token != state.token and refused.sent == 1
    assert state.follow(1, "others").sent == 1 and state.follow(4, "others") is not state


def test_a_choice_made_before_the_browser_heard_of_a_change_goes_out_again():
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


def page() -> None:
    import streamlit as st

    from ui.components.mount import mount_synchronised, register

    mount_synchronised(
        register("pictures/picker.js"),
        "demo",
        st.session_state.get("picked", 1),
        read=lambda value: value,
        on_choice=lambda value: None,
        about=st.session_state.get("set", "photographs"),
        data={"sheet": "pixels"},
    )


def test_data_stay_the_same_until_python_changes_the_value_or_what_it_is_about():
    app = AppTest.from_function(page, default_timeout=120)

    def sent(**state) -> dict:
        for name, value in state.items():
            app.session_state[name] = value
        assert not app.run().exception
        return json.loads(app.get("bidi_component")[0].proto.json)

    first = sent()
    assert first["value"] == 1 and sent() == first
    moved = sent(picked=3)  # Python's own change, as by a preset
    assert moved["value"] == 3 and moved["token"] != first["token"] and moved["sheet"] == first["sheet"]
    other = sent(set="cifar10-samples")
    assert other["value"] == 3 and other["token"] != moved["token"] and other["about"] != moved["about"]
