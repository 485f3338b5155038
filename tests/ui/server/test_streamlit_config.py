"""Streamlit ignores unknown options, so a misspelt one would have no effect."""

import tomllib
from pathlib import Path

import streamlit.config
from streamlit.testing.v1 import AppTest

CONFIG = Path(__file__).parents[3] / ".streamlit" / "config.toml"


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


def test_tracebacks_are_hidden_from_visitors():
    def script():
        raise RuntimeError("/folder/of/the/server")

    streamlit.config.get_config_options(force_reparse=True)
    (error,) = AppTest.from_function(script, default_timeout=120).run().exception
    assert "/folder" not in error.message and not error.stack_trace


def test_server_listens_on_localhost_unless_in_container():
    assert tomllib.loads(CONFIG.read_text("utf-8"))["server"]["address"] == "127.0.0.1"
    assert "--server.address=0.0.0.0" in (CONFIG.parents[1] / "Dockerfile").read_text("utf-8")
