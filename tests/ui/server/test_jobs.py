"""The job manager and its log, with real threads: each wait is for an event, with a limit only a bug reaches."""

import io
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ui.server.limits
from ui.server.jobs import JobManager, QueueFull

ROOT = Path(__file__).parents[3]
LIMIT = 60.0  # seconds
GIVING_WAY = 10  # the priority of a run, as of `nice`; under `nice -n 15` everything has a lower one


class Steps:
    """An iterator maker whose every step waits for the test's permission."""

    def __init__(self, count, error=None):
        self.count, self.error = count, error
        self.permits, self.requested = threading.Semaphore(0), threading.Semaphore(0)
        self.started, self.closed = threading.Event(), threading.Event()
        self.thread = self.closed_in = None

    def __call__(self):
        self.thread = threading.current_thread()
        self.started.set()
        try:
            for step in range(self.count):
                self.requested.release()
                assert self.permits.acquire(timeout=LIMIT), "the test never allowed this step"
                yield step
            if self.error:
                raise self.error
        finally:
            self.closed_in = threading.current_thread()
            self.closed.set()

    def step(self, count=1):
        """Allow `count` steps; return once their states have been taken, that is when the next one is requested."""
        for _ in range(count):
            assert self.requested.acquire(timeout=LIMIT)
            self.permits.release()
        assert self.requested.acquire(timeout=LIMIT)
        self.requested.release()

    def finish(self):
        for _ in range(self.count):
            self.permits.release()


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def priority():
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def submitted(count, error=None, **options):
    """A manager, steps, and the running job of these steps."""
    manager, steps = JobManager(**options), Steps(count, error)
    return manager, steps, manager.submit(steps, owner="a", total=count)


def frees_the_slot(manager):
    """Return whether the next visitor's job runs."""
    job = manager.submit(lambda: [1], owner="next")
    return job.wait(LIMIT) and job.status == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_run_has_lower_priority():
    def priorities():
        # Runs of several classifiers have more threads, which must yield as well.
        with ThreadPoolExecutor(1) as pool:
            yield [priority(), pool.submit(priority).result()]

    before = priority()
    job = JobManager().submit(priorities, owner="a")
    assert job.wait(LIMIT) and job.status == "done"
    assert priority() == before and job.latest == 2 * [max(before, GIVING_WAY)]


def test_moments_are_spaced_and_returned_once():
    clock = Clock()
    _, steps, job = submitted(30, clock=clock)
    assert job.moments() == []
    for _ in range(5):
        steps.step(1)
        clock.now += 0.1
    assert [job.moments(), job.moments()] == [[0, 2, 4], [4]]
    for _ in range(24):
        steps.step(1)
        clock.now += 1.0
    assert job.moments() == list(range(21, 29)), "states nobody fetches are dropped"
    job.stop()


def test_failing_job_frees_the_slot():
    manager, failing, job = submitted(1, ValueError("epsilon must be >= 0"))
    failing.finish()
    assert job.wait(LIMIT) and job.status == "failed" and job.latest == 0 and failing.closed.is_set()
    assert str(job.error) == "epsilon must be >= 0"
    failing.thread.join(LIMIT)
    assert frees_the_slot(manager)


def test_job_beyond_the_time_limit_keeps_its_state():
    clock = Clock()
    manager, steps, job = submitted(5, run_seconds=60, clock=clock)
    steps.step()
    clock.now = 61.0
    steps.permits.release()
    assert job.wait(LIMIT) and (job.status, job.latest, job.done, job.position) == ("overtime", 1, 2, 0)
    assert steps.closed.wait(LIMIT) and frees_the_slot(manager)


def test_jobs_run_one_at_a_time_in_order():
    manager, first, blocker = submitted(1, queue_limit=20)
    order = []

    def recorder(name):
        def states():
            order.append(name)
            yield name
            order.append(name)

        return states

    jobs = [manager.submit(recorder(n), owner=str(n)) for n in range(20)]
    assert [job.position for job in jobs] == list(range(1, 21)) and blocker.position == 0
    jobs[4].stop()
    jobs[4].stop()
    assert jobs[4].status == "stopped" and jobs[4].position == 0 and jobs[5].position == 5
    first.finish()
    assert all(job.wait(LIMIT) for job in jobs)
    assert order == [name for name in range(20) if name != 4 for _ in range(2)]


def test_next_job_waits_for_the_stopped_one():
    (manager, steps, job), following = submitted(100), Steps(1)
    second = manager.submit(following, owner="b")
    steps.step(2)
    job.stop()
    assert job.status == "stopped" and job.wait(0) and second.status == "queued"
    steps.permits.release()
    assert steps.closed.wait(LIMIT) and following.started.wait(LIMIT)
    assert steps.closed_in is steps.thread and steps.thread is not threading.current_thread()
    assert (job.latest, job.done) == (1, 2), "a state that arrives after the stop is not shown"
    following.finish()
    assert second.wait(LIMIT)


def test_full_queue_refuses_others_and_replaces_own_jobs():
    manager, blocking, first = submitted(1, queue_limit=2)
    waiting = [manager.submit(lambda: [1], owner=name) for name in "bc"]
    for owner in "da":
        with pytest.raises(QueueFull, match=r"line is full \(2"):
            manager.submit(lambda: [1], owner=owner)
    assert first.status == "running", "a refused job does not stop the running one"
    again = manager.submit(lambda: [2], owner="c")
    assert waiting[1].status == "stopped" and again.position == 2
    waiting[0].stop()
    new = manager.submit(lambda: [3], owner="a")
    assert first.status == "stopped"
    blocking.finish()
    assert again.wait(LIMIT) and again.latest == 2 and new.wait(LIMIT) and new.latest == 3


@pytest.mark.parametrize(
    ("connected", "seconds", "status"),
    [(False, 9, "done"), (False, 11, "abandoned"), (True, 999, "done")],
)
def test_job_without_heartbeat_is_stopped(connected, seconds, status):
    clock = Clock()
    manager, silent, job = submitted(9, queue_limit=1, quiet_seconds=10,
                                     is_connected=lambda owner: connected, clock=clock)  # fmt: skip
    clock.now = 5.0
    silent.step()
    job.beat()
    waiting = manager.submit(lambda: [1], owner="b")
    clock.now += seconds
    # Who has gone makes room in a line of one.
    following = waiting if status == "done" else manager.submit(lambda: [1], owner="c")
    silent.finish()
    assert job.wait(LIMIT) and waiting.wait(LIMIT) and job.status == waiting.status == status
    assert following.wait(LIMIT) and following.status == "done"


def test_reloaded_page_does_not_wait_behind_its_own_run():
    gone = {"a"}
    manager, steps = JobManager(is_connected=lambda owner: owner not in gone), Steps(9)
    before = manager.submit(steps, owner="a", tab="t")
    assert steps.started.wait(LIMIT)
    others = [manager.submit(lambda: [1], owner=owner, tab=tab) for owner, tab in (("b", "t"), ("c", "u"), ("d", ""))]
    after = manager.submit(lambda: [1], owner="e", tab="t")
    assert before.status == "stopped" and all(job.active for job in others), "tabs that are still open keep theirs"
    steps.finish()
    assert after.wait(LIMIT) and [job.status for job in (*others, after)] == 4 * ["done"]


def test_job_times_follow_the_clock():
    clock, steps = Clock(), Steps(10)
    manager = JobManager(clock=clock)
    clock.now = 5.0
    job = manager.submit(steps, owner="a", total=10)
    assert steps.started.wait(LIMIT) and job.seconds_per_step is None and job.seconds_left is None
    for now in (9.0, 11.0, 13.0):  # a slow first step (4 s), then 2 s each
        clock.now = now
        steps.step()
    assert (job.seconds_per_step, job.seconds_left) == (2.0, 14.0)
    clock.now = 14.0
    assert job.seconds_left == 13.0
    job.stop()
    assert job.seconds_left == 0.0
    steps.finish()


def test_run_pauses_during_short_work():
    manager, steps, job = submitted(3)
    steps.step()
    with manager.before_runs():
        steps.permits.release()
        assert steps.requested.acquire(timeout=LIMIT)  # of the step in progress
        assert not steps.requested.acquire(timeout=0.2), "the next step began beside the visitor's work"
    assert steps.requested.acquire(timeout=LIMIT)
    steps.finish()
    assert job.wait(LIMIT) and job.status == "done" and job.done == 3


@pytest.mark.slow
def test_process_exits_cleanly_during_a_run():
    script = """
import time, torch
from ui.server.cache import job_manager

def states():
    network = torch.nn.Sequential(*(torch.nn.Conv2d(8, 8, 3) for _ in range(20)))
    while True:
        network(torch.rand(1, 8, 224, 224)).sum().backward()
        yield 1

job = job_manager().submit(states, owner="visitor")
while job.done < 2:
    time.sleep(0.01)
"""
    # Without `JobManager.close` torch aborts with status -6: its thread is unwound at a forbidden point.
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr


# ---- the log -----------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(monkeypatch):
    """Fixture of the parsed log so far."""
    written = io.StringIO()
    monkeypatch.setattr(ui.server.limits._handler, "stream", written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_log_names_runs_and_no_visitors(lines):
    about = {"what": "a\nb\u2028“c”", "classifiers": ["mini-clip"]}
    failing = Steps(0, error=ValueError("target 'my private words' is not known"))
    ran, failed = (JobManager().submit(run, owner="secret-session", about=about) for run in (lambda: range(3), failing))
    assert ran.wait(LIMIT) and failed.wait(LIMIT)
    started, ended = (line for line in lines() if line["run"] == ran.id)
    assert [started["event"], ended["event"]] == ["run started", "run ended"] and started["level"] == "info"
    assert ended["status"] == "done" and ended["states"] == 3 and about.items() <= ended.items()
    assert 0 <= ended["seconds"] < LIMIT and ended["time"].endswith("+00:00")
    _, ended = (line for line in lines() if line["run"] == failed.id)
    assert [ended[name] for name in ("status", "level", "error")] == ["failed", "warning", "ValueError"]
    assert any(place.startswith("ui/server/jobs.py:") for place in ended["trace"])
    assert not re.search("secret|private", json.dumps(lines()))
