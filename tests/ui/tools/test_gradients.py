"""The tool *Gradient* in Streamlit's test runner: pictures, numbers and charts against gradients computed here."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from core.claims.quantities import gradient_agreement, stored_gradients
from tests.ui.pages.test_frequency import CIFAR, open_page, text
from ui.maps.catalogue import MINI_CLIP, MINI_RESNET, entries
from ui.maps.predictions import LOADING
from ui.server.cache import classifier_for
from ui.shared.pictures import samples
from ui.tools.registry import GRADIENT

TITLES = {"mini-clip": "Mini CLIP", "mini-clip-robust": "Mini CLIP (robust)", "mini-resnet": "Mini ResNet"}


def opened(**parameters):
    app = open_page(tab=GRADIENT, **parameters)
    app.session_state[LOADING] = True  # as if the browser had painted
    app.run()
    assert not app.exception and not app.error
    return app


@pytest.fixture(scope="module")
def app():
    return opened(pictures="CIFAR-10", maps=[MINI_CLIP, MINI_RESNET])


def gradients():
    """{title: (3, H, W)} of the current picture, by torch's own backward pass."""
    data, by_title = samples("cifar10"), {}
    for name, title in TITLES.items():
        image = torch.from_numpy(data.images[CIFAR][None].astype(np.float32) / 255).requires_grad_()
        logits = classifier_for(name, "cifar10")(image)
        (-logits.log_softmax(1)[0, data.labels[CIFAR]]).backward()
        by_title[title] = image.grad[0].numpy()
    return by_title


def figures(app):
    """{title: (note, pixels)} of the row of pictures."""
    body = next(item.proto.body for item in app.get("html") if "run-row" in item.proto.body)
    matches = re.findall(r'<img src="data:image/png;base64,([^"]*)" alt="([^:"]*)(?:: ([^"]*))?"', body)
    return {
        title: (note, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")))
        for data, title, note in matches
    }


def table(app, label="Does the gradient say which waves mislead?"):
    """{title: {column: cell}} of a table of numbers, intervals behind them."""
    body = next(item.proto.body for item in app.get("html") if label in item.proto.body)
    heads = [
        re.sub('<span class="tooltip-text".*', "", item) for item in re.findall("<th .*?</th>", body)
    ]  # explanations
    heads = [re.sub("<.*?>", "", item) for item in heads]
    rows = [
        [html.unescape(re.sub("<.*?>", "", item)) for item in row.split("<td>")[1:]] for row in body.split("<tr>")[2:]
    ]
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


def test_each_network_shows_its_gradient_on_one_scale(app):
    pictures = figures(app)
    assert list(pictures) == ["This picture", *TITLES.values(), "Mini ResNet (robust)"]
    for title, gradient in gradients().items():
        _, pixels = pictures[title]
        small = pixels[4::8, 4::8].astype(int)
        signed = gradient.sum(0)
        for sign, warmer in ((1, True), (-1, False)):  # brown has more red than blue
            strong = small[sign * signed > np.quantile(sign * signed, 0.97)]
            assert ((strong[:, 0] > strong[:, 2]) == warmer).all()
    (bar,) = [item.proto.body for item in app.get("html") if "One scale for all" in item.proto.body]
    limit = float(re.search(r"\+(\d\.\d\d)<", bar)[1])
    brightest = [np.quantile(abs(item.sum(0)) / np.linalg.norm(item), 0.995) for item in gradients().values()]
    assert limit >= max(brightest) - 0.006


def test_charts_hold_the_energy_and_the_rise_by_radius(app):
    energy, rise = (json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")[:2])
    rows = energy["layer"][0]["data"]["values"]
    spectrum = np.abs(np.fft.fft2(gradients()["Mini ResNet"].astype(float))) ** 2
    cells = {(i, j): spectrum[:, i, j].sum() for i in range(-15, 16) for j in range(-15, 16)}
    ring = [value for wave, value in cells.items() if round(np.hypot(*wave)) == 9]
    (here,) = [row for row in rows if (row["network"], row["of"], row["radius"]) == ("Mini ResNet", "this picture", 9)]
    assert here["energy"] == pytest.approx(np.mean(ring) / np.mean(list(cells.values())), rel=1e-3)
    assert {row["of"] for row in rows} == {"this picture", "mean of 1,000"}
    heatmap = entries()[MINI_RESNET].heatmap
    errors = [heatmap.error_rate[15 + i, 15 + j] for i, j in cells if round(np.hypot(i, j)) == 9]
    rows = rise["layer"][0]["data"]["values"]
    (there,) = [row for row in rows if (row["network"], row["radius"]) == ("Mini ResNet", 9)]
    assert there["rise"] == pytest.approx(100 * (np.mean(errors) - heatmap.clean_rate()), abs=1e-6)
    assert there["low"] < there["rise"] < there["high"]


def test_the_table_gives_the_agreement(app):
    for name, label in (("mini-clip", MINI_CLIP), ("mini-resnet", MINI_RESNET)):
        match, row = gradient_agreement(stored_gradients()[name], entries()[label].heatmap), table(app)[TITLES[name]]
        assert row["Over waves"].startswith(f"{match.waves.value:.2f}95 % interval (")
        assert row["Over rings"] == f"{match.rings.value:.2f}".replace("-", "\N{MINUS SIGN}")


def test_without_a_picture_it_says_what_to_choose_and_before_the_first_paint_nothing_is_loaded():
    assert "choose a bundled one or upload your own" in text(open_page(tab=GRADIENT))


def test_a_photograph_has_a_gradient_and_a_map_but_nothing_stored():
    app = opened(pictures="Photographs")
    pictures, visible = figures(app), text(app)
    assert "EfficientNet-Lite0" in pictures and "in the network’s own map, v = 15.7" in visible
    assert not any("say which waves mislead" in item.proto.body for item in app.get("html"))
