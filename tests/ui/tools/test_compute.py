"""Maps computed on the page: the exact one of a picture, and a quick one, which the script resumes."""

import dataclasses
import shlex
from itertools import islice

import numpy as np
from streamlit.testing.v1 import AppTest

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane
from core.shared.device import class_probabilities
from core.sweep.__main__ import main
from core.sweep.grow import grow
from core.sweep.predict import wave_on_image
from ui.tools.compute import JOB, SIDE, script_command, sweep_config


def panel():
    import streamlit as st

    from ui.shared.pictures import sample_picture
    from ui.tools.compute import sweep_panel

    sweep_panel(sample_picture("cifar10", 3), lambda label: st.session_state.update(made=label))


def test_exact_map_of_one_picture_is_a_prediction_for_each_wave():
    app = AppTest.from_function(panel, default_timeout=120).run()
    app.selectbox(key="sweep.images").select("picture").run()
    app.selectbox(key="sweep.name").select("mini-resnet").run()
    app.button[0].click().run()
    job = app.session_state[JOB]
    assert job.wait(120) and job.total == job.done == 1 + len(half_plane(SIDE))
    app.run()
    assert not app.exception and app.session_state["made"].startswith("Mini ResNet · one picture")
    _, body = [item.proto.json for item in app.get("bidi_component")]  # it stays where the visitor saw it grow
    assert "probability of the true class" in body and any(
        "The map is also among the others above." in item.value for item in app.markdown
    )
    data = load_samples("cifar10-samples")
    image, classifier = data.images[3].astype(np.float32) / 255, load_classifier("mini-resnet", data.classes)
    for i, j in half_plane(5):
        perturbed = wave_on_image(image, (i, j), job.latest.metadata["epsilon"], seed=0, position=0).perturbed
        exact = class_probabilities(classifier, perturbed[None])[0, data.labels[3]]
        assert abs(job.latest.number("true_probability")[i + SIDE // 2, j + SIDE // 2] - exact) < 1e-4


def test_a_map_begun_in_the_app_goes_on_by_the_command_shown(tmp_path, monkeypatch, capsys):
    data = load_samples("cifar10-samples")
    classifier = load_classifier("mini-clip", data.classes)
    config = dataclasses.replace(sweep_config(data, 4.0), side=3)
    *_, whole = grow(classifier, data, config)
    *_, part = islice(grow(classifier, data, config), 3)
    part.save(tmp_path / "map.npz")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(script_command(part))[3:]) == 0
    assert "9 of 9 cells, estimated to" in capsys.readouterr().out
    more = Heatmap.load("map.npz")
    np.testing.assert_array_equal(more.top1_errors, whole.top1_errors)
    assert more.images_per_wave == 10 and sweep_config(data, 4.0).passes < 0.11
