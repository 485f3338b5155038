"""Jobs of this process: the manager shared by all visitors, and a visitor's id."""

from __future__ import annotations

import atexit

import streamlit as st

from ui.server.jobs import JobManager
from ui.server.limits import limits
from ui.server.model_cache import single_flight_cache


@single_flight_cache(max_entries=1)
def job_manager() -> JobManager:
    """Return this process's manager, shared by all visitors. Owners are session ids, `current_owner()`."""
    allowed = limits()
    manager = JobManager(
        queue_limit=allowed.queue_length,
        run_seconds=allowed.run_seconds,
        # Streamlit's test runner has no server to query.
        is_connected=lambda owner: not st.runtime.exists() or st.runtime.get_instance().is_active_session(owner),
    )
    atexit.register(manager.close)
    return manager


def current_owner() -> str:
    """Return the session id of the visitor whose script is running."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    assert context is not None  # only pages call this
    return context.session_id
