"""One value that browser and Python can both change: which one wins, and what is sent."""

import json

from streamlit.testing.v1 import AppTest

from ui.components.mount import Synchronised


def number(value):
    return value if isinstance(value, int) and 0 <= value < 10 else None


def choice(state: Synchronised, value) -> dict:
    return {"value": value, "token": state.token, "about": state.about}


def test_choice_is_taken_and_not_sent_back():
    state = Synchronised(1, "pictures")
    assert state.receive(choice(state, 4), number) == 4
    assert state.follow(4, "pictures") is state and state.sent == 1


def test_choice_that_the_page_does_not_follow_is_put_right():
    state = Synchronised(1)
    state.receive(choice(state, 4), number)
    after = state.follow(1)
    assert after.token != state.token and after.sent == 1


def test_choice_made_before_the_browser_heard_of_a_change_goes_out_again():
    old = Synchronised(1)
    new = old.follow(2)
    assert new.receive(choice(old, 4), number) == 4
    after = new.follow(4)
    assert after.token not in (old.token, new.token) and after.sent == 4


def test_other_pictures_take_the_selection_back_to_pythons():
    state = Synchronised(1, "pictures")
    state.receive(choice(state, 4), number)
    assert state.follow(1, "others").sent == 1 and state.follow(4, "others") is not state


def test_choice_that_makes_no_sense_is_ignored():
    state = Synchronised(1, "pictures")
    whole = choice(state, 4)
    for sent in (None, "no", {}, {"value": 4}, whole | {"value": "4"}, whole | {"value": 10}, whole | {"about": "x"}):
        assert state.receive(sent, number) is None and state.value == 1


def page() -> None:
    import streamlit as st

    from ui.components.mount import mount_synchronised, register

    st.session_state.setdefault("picked", 1)
    about = st.session_state.get("set", "photographs")
    mount_synchronised(
        register("pictures/picker.js"),
        "demo",
        st.session_state.picked,
        read=lambda value: value,
        on_choice=lambda value: None,
        about=about,
        data={"sheet": "pixels"},
    )


def sent(app: AppTest) -> dict:
    """The component's data in the last run."""
    assert not app.exception
    return json.loads(app.get("bidi_component")[0].proto.json)


def test_data_stay_the_same_until_python_changes_the_value_or_what_it_is_about():
    app = AppTest.from_function(page, default_timeout=120).run()
    first = sent(app)
    assert first["value"] == 1
    assert sent(app.run()) == first
    app.session_state["picked"] = 3  # Python's own change, as by a preset
    moved = sent(app.run())
    assert moved["value"] == 3 and moved["token"] != first["token"] and moved["sheet"] == first["sheet"]
    app.session_state["set"] = "cifar10-samples"
    other = sent(app.run())
    assert other["value"] == 3 and other["token"] != moved["token"] and other["about"] != moved["about"]
