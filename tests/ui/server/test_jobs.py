"""The job manager with real threads. Nothing sleeps: each wait is for an event, with a limit only a bug reaches."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ui.server.jobs import JobManager, QueueFull

ROOT = Path(__file__).parents[3]
LIMIT = 60.0  # seconds


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


def submitted(count, error=None, **options):
    """A manager, steps, and the running job of these steps."""
    manager, steps = JobManager(**options), Steps(count, error)
    return manager, steps, manager.submit(steps, owner="a", total=count)


def frees_the_slot(manager):
    """Return whether the next visitor's job runs."""
    job = manager.submit(lambda: [1], owner="next")
    return job.wait(LIMIT) and job.status == "done"


def test_latest_is_the_newest_state_until_the_iterator_ends():
    _, steps, job = submitted(5)
    steps.step(3)
    assert (job.status, job.latest, job.done) == ("running", 2, 3)
    steps.finish()
    assert job.wait(LIMIT)
    assert (job.status, job.latest, job.done, job.total, job.error) == ("done", 4, 5, 5, None)
    assert not job.active and job.position == 0 and job.seconds_left == 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_a_run_gives_way_to_pages():
    def priorities():
        # Runs of several classifiers have more threads, which must yield as well.
        with ThreadPoolExecutor(1) as pool:
            yield [timed(), pool.submit(timed).result()]

    def timed():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = timed()
    job = JobManager().submit(priorities, owner="a")
    assert job.wait(LIMIT) and job.status == "done"
    assert timed() == before < min(job.latest)


def test_moments_are_states_some_time_apart_and_each_is_given_once():
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


def test_iterator_that_raises_delivers_its_error_and_frees_the_slot():
    manager, failing, job = submitted(1, ValueError("epsilon must be >= 0"))
    failing.finish()
    assert job.wait(LIMIT)
    assert job.status == "failed" and job.latest == 0 and failing.closed.is_set()
    with pytest.raises(ValueError, match="epsilon must be >= 0"):
        raise job.error
    assert frees_the_slot(manager)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_iterator_that_exits_the_thread_still_frees_the_slot():
    def leaving():
        raise SystemExit
        yield

    manager = JobManager()
    job = manager.submit(leaving, owner="a")
    assert job.wait(LIMIT) and job.status == "failed"
    for thread in threading.enumerate():
        if thread.name == f"job-{job.id[:8]}":
            thread.join(LIMIT)
    assert frees_the_slot(manager)


def test_jobs_run_one_at_a_time_in_order_of_arrival():
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
    first.finish()
    assert all(job.wait(LIMIT) for job in jobs)
    assert order == [name for name in range(20) for _ in range(2)]


def test_stop_shows_at_once_and_the_next_job_waits_for_the_step_in_flight():
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


def test_stop_while_queued_leaves_the_line_without_running():
    (manager, blocking, _), never, following = submitted(1), Steps(1), Steps(1)
    second = manager.submit(never, owner="b")
    third = manager.submit(following, owner="c")
    second.stop()
    second.stop()
    assert second.status == "stopped" and second.position == 0 and third.position == 1
    blocking.finish()
    following.finish()
    assert third.wait(LIMIT) and not never.started.is_set()


def test_full_line_is_refused_with_a_sentence():
    manager, blocking, first = submitted(1, queue_limit=2)
    waiting = [manager.submit(lambda: [1], owner=name) for name in "bc"]
    with pytest.raises(QueueFull, match=r"waiting line is full \(2 in it\); please try again"):
        manager.submit(lambda: [1], owner="d")
    with pytest.raises(QueueFull):
        manager.submit(lambda: [1], owner="a")
    assert first.status == "running", "a refused job does not stop the running one"
    again = manager.submit(lambda: [2], owner="c")  # takes the same visitor's place in the queue
    assert waiting[1].status == "stopped" and again.position == 2
    blocking.finish()
    assert first.wait(LIMIT) and again.wait(LIMIT) and again.latest == 2


def test_second_job_of_an_owner_replaces_the_first():
    (manager, old, first), new = submitted(100), Steps(1)
    old.step()
    second = manager.submit(new, owner="a")
    assert first.status == "stopped"
    old.permits.release()
    new.finish()
    assert second.wait(LIMIT) and second.status == "done"


def test_running_job_without_heartbeat_is_abandoned_and_the_next_one_starts():
    clock, following = Clock(), Steps(1)
    manager, silent, first = submitted(100, heartbeat_seconds=30, clock=clock)
    for now in (25.0, 50.0):
        clock.now = now
        first.beat()
        silent.step()
    second = manager.submit(following, owner="b")
    assert first.status == "running"
    clock.now = 81.0
    second.beat()
    silent.permits.release()  # the silence is noticed after this step
    assert first.wait(LIMIT) and first.status == "abandoned" and silent.closed.wait(LIMIT)
    assert following.started.wait(LIMIT)
    following.finish()
    assert second.wait(LIMIT) and second.status == "done"


def test_queued_job_without_heartbeat_makes_room():
    clock = Clock()
    manager, blocking, first = submitted(1, queue_limit=1, heartbeat_seconds=30, clock=clock)
    waiting = manager.submit(lambda: [1], owner="b")
    clock.now = 31.0
    first.beat()
    following = manager.submit(lambda: [1], owner="c")
    assert waiting.status == "abandoned" and following.position == 1
    blocking.finish()
    assert following.wait(LIMIT)


def test_disconnected_owner_is_dropped_long_before_a_quiet_connected_one():
    clock, connected = Clock(), {"a", "b"}
    manager = JobManager(quiet_seconds=10, heartbeat_seconds=150, is_connected=connected.__contains__, clock=clock)
    closed, hidden = Steps(10), Steps(10)
    disconnected, in_background = manager.submit(closed, owner="b"), manager.submit(hidden, owner="a")
    connected.remove("b")
    clock.now = 9.0
    closed.step()
    assert disconnected.status == "running", "a short disconnection is tolerated"
    clock.now = 60.0
    closed.permits.release()
    assert disconnected.wait(LIMIT) and disconnected.status == "abandoned"
    hidden.step()
    assert in_background.status == "running"
    clock.now = 151.0
    hidden.permits.release()
    assert in_background.wait(LIMIT) and in_background.status == "abandoned"


def test_times_follow_the_clock():
    clock = Clock()
    manager = JobManager(clock=clock)
    steps = Steps(10)
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


def test_paused_job_waits_keeps_its_slot_and_goes_on_where_it_was():
    manager, steps, job = submitted(5)
    steps.step(2)
    job.pause()
    assert job.paused and job.active and job.status == "running"
    waiting = manager.submit(lambda: [1], owner="b")
    steps.permits.release()  # the step in flight is still recorded
    assert not steps.requested.acquire(timeout=0) or not steps.requested.acquire(timeout=0.2), (
        "no further step is requested"
    )
    assert waiting.status == "queued" and not job.wait(0)
    job.resume()
    assert not job.paused
    steps.finish()
    assert job.wait(LIMIT) and (job.status, job.latest, job.done) == ("done", 4, 5)
    assert waiting.wait(LIMIT) and waiting.status == "done"


@pytest.mark.parametrize("visitor_stops", [True, False])
def test_pause_ends_at_once_by_a_stop_and_after_a_while_by_itself(visitor_stops):
    manager, steps, job = submitted(5, **({} if visitor_stops else {"pause_seconds": 0.05}))
    job.pause()
    steps.permits.release()
    if visitor_stops:
        job.stop()
        assert job.status == "stopped"
        steps.finish()
    expected = "stopped" if visitor_stops else "overtime"
    assert job.wait(LIMIT) and job.status == expected and not job.paused and steps.closed.wait(LIMIT)
    assert visitor_stops or (job.latest, job.done) == (0, 1)
    assert frees_the_slot(manager)


def test_pause_belongs_to_no_step():
    clock = Clock()
    _, steps, job = submitted(10, clock=clock)
    clock.now = 2.0
    steps.step()
    job.pause()
    clock.now = 50.0
    job.resume()
    assert job.seconds_per_step is None
    clock.now = 53.0
    steps.step()
    assert job.seconds_per_step == 3.0
    job.stop()
    steps.finish()


def test_many_visitors_submitting_at_once_are_all_served():
    manager = JobManager(queue_limit=100)
    barrier = threading.Barrier(16)

    def visitor(name):
        barrier.wait(LIMIT)
        return [manager.submit(lambda: range(50), owner=f"{name}-{k}", total=50) for k in range(3)]

    with ThreadPoolExecutor(16) as pool:
        jobs = [job for submitted in pool.map(visitor, range(16)) for job in submitted]
    assert len(jobs) == 48 and all(job.wait(LIMIT) for job in jobs)
    assert {(job.status, job.latest, job.done) for job in jobs} == {("done", 49, 50)}


@pytest.mark.slow
def test_a_process_that_ends_in_the_middle_of_a_run_ends_cleanly():
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
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr


def test_run_rests_while_a_visitor_waits_for_something_short():
    manager, steps, job = submitted(3)
    steps.step()
    with manager.before_runs():
        steps.permits.release()
        assert steps.requested.acquire(timeout=LIMIT)  # of the step in progress
        assert not steps.requested.acquire(timeout=0.2), "the next step began beside the visitor's work"
    assert steps.requested.acquire(timeout=LIMIT)
    steps.finish()
    assert job.wait(LIMIT) and job.status == "done" and job.done == 3
