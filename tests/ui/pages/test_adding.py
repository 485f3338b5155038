"""`docs/extending.md` in practice: a torchvision network, own weights and photographs, one command."""

import contextlib
import io

import pytest
import torch
import torchvision
from PIL import Image

from core.classifiers.registry import VARIABLE as LISTED
from core.data.datasets import load_samples
from core.reproduce.profile import main
from tests.profiles import use_profile
from tests.ui.page_runner import bodies, open_page, run_fact, run_to_the_end
from tests.ui.pages.test_with_profile import read
from ui.maps.catalogue import CLIP, RESNET50, shipped_maps
from ui.tools.registry import BY_CLASS, CORRUPTIONS_TOOL, HYBRIDS_TOOL, OWN_SWEEP, TOOL

pytestmark = pytest.mark.slow

NAME = "torchvision:mobilenet_v3_small"
TITLE = f"{NAME} (weights: file my_weights.pth)"
INSTALLED = "mobilenet_v3_small (weights: file my_weights.pth)"


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
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as report:
        patch.setattr("core.reproduce.profile_parts.QUICK_PASSES", 1)
        assert main(["--classifier", NAME, *own, "--quick", "--output", str(folder / "profile")]) == 0
    assert f'start the app with {LISTED}="{NAME}={folder / "my_weights.pth"}"' in report.getvalue()
    return folder / "profile"


@pytest.fixture(params=["of the profile alone", "once it is listed"])
def title(request, profile, monkeypatch):
    """The network's title for an app that reads the profile; listed with its weights as the command says at its end."""
    use_profile(monkeypatch, profile)
    if request.param == "once it is listed":
        monkeypatch.setenv(LISTED, f"{NAME}={profile.parent / 'my_weights.pth'}")
    for path in profile.glob("heatmaps/*.npz"):
        path.touch()  # read again, as after a start: its label names the network by its title
    return TITLE if request.param == "of the profile alone" else INSTALLED


def test_its_map_findings_and_tools_stand_beside_clips(title):
    label = f"{title} · my_photographs · computed"
    assert label in shipped_maps() and not shipped_maps()[label].more
    for tool in (HYBRIDS_TOOL, BY_CLASS, CORRUPTIONS_TOOL, OWN_SWEEP):
        text = read(open_page("frequency", maps=[RESNET50, label], pictures="Photographs", **{TOOL: tool}))
        assert title in text and "ResNet-50" in text and (title == TITLE or NAME not in text)
    assert title in read(open_page("findings", subject=label, reference=RESNET50))
    assert title in read(open_page("findings", subject=CLIP, reference=label))


def test_the_story_opens_with_its_drawings_where_chosen(title):
    app = open_page("story")
    assert title not in " ".join(bodies(app))
    app.session_state["story.painter"] = "torchvision-mobilenet_v3_small"
    assert not app.run().exception
    assert title in read(app)


@pytest.mark.parametrize("title", ["once it is listed"], indirect=True)
def test_its_stored_runs_are_shown_it_runs_and_models_list_it(title):
    for page in ("inpainting", "generation"):
        app = open_page(page, **{f"{page}-models-imagenet": title})
        assert {*run_fact(app, "Network")} == {title}
        app = run_to_the_end(open_page(page, **{f"{page}-models-imagenet": title, f"{page}-steps": 2}), page)
        assert not app.exception and not app.error and {*run_fact(app, "Network")} == {title}
        assert app.session_state[f"{page}.runs"].result.runs[0].config.steps == 2
    table = "".join(bodies(open_page("models"), 'class="networks"'))
    assert title in table and "frequency?maps=mobilenet" in table
