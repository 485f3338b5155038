"""`docs/adding.md` in practice: a torchvision network, own weights and photographs, one command."""

import pytest
import torch
import torchvision
from PIL import Image

from core.data.profiles import VARIABLE
from core.data.samples import load_samples
from core.reproduce.profile.__main__ import main
from tests.ui.test_with_profile import opened, read
from ui.maps.catalogue import shipped
from ui.maps.presets import CLIP, RESNET50

pytestmark = pytest.mark.slow

NAME = "torchvision:mobilenet_v3_small"
TITLE = f"{NAME} (weights: file my_weights.pth)"


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """The profile of a network with random weights on three photographs, with as few waves per picture as possible."""
    folder = tmp_path_factory.mktemp("adding")
    torch.manual_seed(0)
    torch.save(torchvision.models.mobilenet_v3_small().state_dict(), folder / "my_weights.pth")
    data = load_samples("photographs")
    for image, label in [*zip(data.images, data.labels, strict=True)][:3]:
        (folder / "my_photographs" / data.classes.names[label]).mkdir(parents=True)
        picture = Image.fromarray(image.transpose(1, 2, 0))
        picture.save(folder / "my_photographs" / data.classes.names[label] / "one.png")
    own = ["--weights", str(folder / "my_weights.pth"), "--dataset", str(folder / "my_photographs")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.reproduce.profile.sweeps.QUICK_PASSES", 1)
        parts = ["--quick", "--parts", "map,corruptions,runs"]
        assert main(["--classifier", NAME, *own, *parts, "--output", str(folder / "profile")]) == 0
    return folder / "profile"


@pytest.fixture(autouse=True)
def read_by_the_app(profile, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(profile))


def test_its_map_is_offered_beside_clips_and_names_the_file_of_its_weights():
    label = f"{TITLE} · my_photographs · computed"
    assert label in shipped() and not shipped()[label].more
    text = read(opened("frequency", maps=[RESNET50, label], pictures="Yours"))
    assert TITLE in text and "ResNet-50" in text


def test_findings_compare_it_with_clip():
    (label,) = [label for label in shipped() if label.startswith(TITLE)]
    text = read(opened("findings", subject=label, reference=RESNET50))
    assert TITLE in text
    assert "They were measured on different data" in text or "not checkable here" in text
    assert "CLIP ViT-B/32" in read(opened("findings", subject=CLIP, reference=label))


def test_the_story_opens_with_its_drawings_where_a_visitor_chooses_them():
    app = opened("story")
    assert TITLE not in " ".join(part.proto.body for part in app.get("html"))
    app.session_state["story.painter"] = "torchvision-mobilenet_v3_small"
    assert not app.run().exception
    text = read(app)
    assert f"Two searches for what convinces {TITLE}" in text and "No other network has judged it." in text
