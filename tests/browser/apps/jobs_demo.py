"""A page that runs an endless job, for the tests in a browser: one slot, and a closed tab is noticed in a second."""

import time
from collections.abc import Iterator

import streamlit as st

from ui.server.jobs import JobManager
from ui.server.server_jobs import current_owner


@st.cache_resource
def manager() -> JobManager:
    return JobManager(quiet_seconds=1, is_connected=lambda owner: st.runtime.get_instance().is_active_session(owner))


def count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        time.sleep(0.05)
        yield number


if st.button("Start"):
    st.session_state.job = manager().submit(count, owner=current_owner())
job = st.session_state.get("job")


@st.fragment(run_every=0.2 if job and job.active else None)
def live() -> None:
    if job is None:
        return
    job.beat()
    st.text(f"{job.status}, {job.position} in line, {job.done} steps")
    if job.active and st.button("End the run"):
        job.stop()
        st.rerun()


live()
