"""A search added before anything else reads the table: the two places of docs/extending.md, as a script.

`tests/test_extending.py` runs it in a separate process, where nothing has read the table yet.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

from core.pgd.search import SEARCHES, SearchRow


def mirrored(config, x0, hole, seed, passes):
    """Follow the gradient at the mirror image of the picture."""
    return lambda x, step, own: passes(x.flip(-1)).gradient.flip(-1)


SEARCHES["mirrored"] = SearchRow(
    title="Mirrored",
    convinces="in the mirror",
    steps="each step follows the gradient at the mirror image",
    gradients=mirrored,
)
# The same in the article, on pictures of three square planes.
ARTICLE = """async (module, values) => {
  const { SEARCHES } = await import(values.search);
  const side = Math.sqrt(values.x0.length / 3);
  const flip = (image) => image.map((_, k) => image[k - (k % side) + side - 1 - (k % side)]);
  const gradients = (pass) => async (images) => flip((await pass(flip(images))).gradient);
  SEARCHES.mirrored = { lookInterval: 1, frozen: false, gradients };
  return module.run(values);
}"""


def in_the_engine_and_in_the_article() -> None:
    """A run is that of the paper's search on a network that sees the mirror image, in both languages."""
    from core.pgd.settings import PGDConfig
    from core.pgd.steps import Generation, run_pgd
    from tests.node import in_node
    from tests.web.test_steps import SMOOTH, SmoothNetwork
    from web.__main__ import HERE

    network, objective = SmoothNetwork(8, 0.3), Generation(torch.tensor([2]))
    x0 = np.random.default_rng(0).random((1, 3, 8, 8), dtype=np.float32)
    config = PGDConfig(epsilon=2, step_size=0.2, steps=9, search="mirrored")
    last = run_pgd(network, objective, torch.from_numpy(x0), config)
    plain = PGDConfig(epsilon=2, step_size=0.2, steps=9)
    expected = run_pgd(lambda images: network(images.flip(-1)), objective, torch.from_numpy(x0), plain)
    assert float((last.images - expected.images).abs().max()) < 1e-6 < float(last.perturbation_norm)
    assert torch.equal(last.logits, network(last.images)), "confidence is that of the picture itself"
    values = {
        "search": (HERE / "engine" / "search.js").as_uri(), "sides": [], "target": 2, "x0": x0.ravel().tolist(),
        "config": config.to_json(), "seed": 0, "scale": 0.3,
    }  # fmt: skip
    result = in_node(SMOOTH, ARTICLE, values)
    np.testing.assert_allclose(result["images"], last.images.numpy().ravel(), rtol=0, atol=1e-5)


def in_the_script() -> None:
    """`core.pgd` accepts it and records it."""
    from core.pgd.__main__ import main
    from core.pgd.pictures import JudgedOutcomes

    with tempfile.TemporaryDirectory() as folder:
        line = "generate --classifier mini-resnet --dataset cifar10-samples --limit 1 --steps 2 --device cpu"
        assert main([*line.split(), "--search", "mirrored", "--output", folder]) == 0
        assert JudgedOutcomes.load(Path(folder, "pictures.npz")).metadata["kinds"][0]["config"]["search"] == "mirrored"


def on_the_page() -> None:
    """It can be chosen beside another search, and the runs are called by it."""
    from tests.ui.page_runner import open_page, run_to_the_end

    app = open_page("generation", generation_classes_cifar10="ship", generation_steps="3")
    app.pills(key="generation-search-32").set_value(["Views", "Mirrored"]).run()
    run_to_the_end(app, "generation")
    assert not app.exception and not app.error
    runs = app.session_state["generation.runs"].result.runs
    assert [run.config.search for run in runs] == 2 * ["views", "mirrored"]


if __name__ == "__main__":
    in_the_engine_and_in_the_article()
    in_the_script()
    on_the_page()
    print("arrived")
