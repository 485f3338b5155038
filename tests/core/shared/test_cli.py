"""Errors of the engine, as its readers write arguments: options of a script, keywords in Python."""

import pytest

from core.classifiers.registry import load_classifier
from core.data.datasets import load_dataset
from core.shared.cli import argument, option_names, run_script


@pytest.fixture
def empty_caches(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def missing_judge():
    with option_names(weights="--judge-weights"):
        load_classifier("resnet-56")


@pytest.mark.parametrize(
    ("work", "options", "keywords"),
    [
        (lambda: load_classifier("resnet-56"), ["--download", "--weights FILE"], ["download=True", "weights=FILE"]),
        (missing_judge, ["--download", "--judge-weights FILE"], None),
        (lambda: load_dataset("cifar10"), ["--download", "--data-dir FOLDER"], ["download=True", "data_dir=FOLDER"]),
        (lambda: load_dataset("imagenet100"), ["--data-dir FOLDER"], ["data_dir=FOLDER"]),
    ],
)
def test_what_is_missing_is_asked_for_in_the_readers_words(work, options, keywords, empty_caches, capsys):
    assert run_script(work, "") == 2
    told = capsys.readouterr().err
    assert all(option in told for option in options) and "=" not in told.replace("(3,471,733", "")
    if keywords:
        with pytest.raises(FileNotFoundError) as caught:
            work()
        assert all(keyword in str(caught.value) for keyword in keywords) and "--" not in str(caught.value)


def test_names_of_options_end_with_their_block_and_their_script(capsys):
    assert argument("image_size", "32") == "image_size=32" and argument("download") == "download=True"
    with option_names(weights="--judge-weights"):
        with option_names():
            assert argument("weights", "FILE") == "--judge-weights FILE"
        assert argument("image_size", "32") == "--image-size 32" and argument("download") == "--download"
    assert argument("weights", "FILE") == "weights=FILE"
