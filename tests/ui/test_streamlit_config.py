"""Streamlit passes over options that it does not know, so a misspelt one would do nothing."""

import tomllib
from pathlib import Path

import streamlit.config

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"


def options(table, prefix=()):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from options(value, (*prefix, name))
        else:
            yield ".".join((*prefix, name))


def test_streamlit_knows_every_option_of_the_config():
    named = set(options(tomllib.loads(CONFIG.read_text("utf-8"))))
    assert "runner.postScriptGC" in named
    assert named <= set(streamlit.config.get_config_options())
