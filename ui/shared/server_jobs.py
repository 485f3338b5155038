"""The jobs of this process: the one manager that all visitors share, and who a visitor is."""

from __future__ import annotations

import atexit
import functools
import threading

import streamlit as st

from ui.shared.jobs import JobManager
from ui.shared.limits import limits


def job_manager() -> JobManager:
    """The one manager of this process, shared by all visitors. Owners are session ids, `current_owner()`."""
    with _first:
        return _manager()


_first = threading.Lock()  # two first visitors at once must not make two


# Not in one of Streamlit's caches, which any visitor's browser may ask it to clear.
@functools.cache
def _manager() -> JobManager:
    allowed = limits()
    manager = JobManager(
        queue_limit=allowed.queue_length,
        pause_seconds=allowed.pause_seconds,
        run_seconds=allowed.run_seconds,
        is_connected=lambda owner: st.runtime.get_instance().is_active_session(owner),
    )
    atexit.register(manager.close)
    return manager


def end_jobs() -> None:
    """End every job, for a server that is about to end; see `JobManager.close`."""
    if _manager.cache_info().currsize:
        _manager().close()


def current_owner() -> str:
    """Id of the visitor's session whose script is running."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("current_owner() wants a running Streamlit script; outside one, name the owner yourself")
    return context.session_id
