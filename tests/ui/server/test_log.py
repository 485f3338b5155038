"""The log records what an operator needs, as JSON lines, and nothing about the visitor."""

import io
import json

import pytest

import ui.server.limits
from tests.ui.server.test_jobs import LIMIT, Steps
from ui.server.jobs import JobManager, QueueFull
from ui.server.limits import log


@pytest.fixture
def lines(monkeypatch):
    """Fixture of the parsed log so far."""
    written = io.StringIO()
    monkeypatch.setattr(ui.server.limits._handler, "stream", written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_run_is_told_from_start_to_end_without_its_visitor(lines):
    about = {"what": "sweep", "classifiers": ["mini-clip"]}
    job = JobManager().submit(lambda: range(3), owner="secret-session", about=about)
    assert job.wait(LIMIT)
    started, ended = lines()
    assert [started["event"], ended["event"]] == ["run started", "run ended"] and started["level"] == "info"
    assert started["run"] == ended["run"] == job.id and ended["status"] == "done" and ended["states"] == 3
    assert ended["what"] == "sweep" and ended["classifiers"] == ["mini-clip"] and 0 <= ended["seconds"] < LIMIT
    assert "secret-session" not in json.dumps(lines())


def test_failed_run_tells_where_it_failed_and_not_what_the_visitor_typed(lines):
    failing = Steps(0, error=ValueError("target 'my private words' is not known"))
    assert JobManager().submit(failing, owner="a").wait(LIMIT)
    ended = lines()[-1]
    assert ended["status"] == "failed" and ended["level"] == "warning" and ended["error"] == "ValueError"
    assert any(place.startswith("ui/server/jobs.py:") for place in ended["trace"])
    assert "private" not in json.dumps(ended)


def test_refused_run_is_told(lines):
    manager, steps = JobManager(queue_limit=0), Steps(1)
    job = manager.submit(steps, owner="a")
    with pytest.raises(QueueFull):
        manager.submit(lambda: [1], owner="b", about={"what": "inpainting"})
    steps.finish()
    assert job.wait(LIMIT)  # otherwise the next test would see its end
    assert any(line["event"] == "run refused: the line is full" and line["what"] == "inpainting" for line in lines())


def test_line_stays_one_line_whatever_it_holds(lines):
    log("download ended", classifier="a\nb\u2028“c”", bytes=None)
    (line,) = lines()
    assert line["classifier"] == "a\nb\u2028“c”" and line["bytes"] is None and line["time"].endswith("+00:00")
