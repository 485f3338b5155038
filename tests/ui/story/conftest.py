"""Nothing is loaded in the background of these tests."""

import pytest

import ui.story.sketch_chapter


@pytest.fixture(autouse=True)
def loaded_ahead(monkeypatch) -> list[tuple[str, ...]]:
    """The names that the story asked to load ahead, in order."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(ui.story.sketch_chapter, "load_ahead", lambda names, class_set: asked.append(names))
    return asked
