"""CLIP as a classifier, against open_clip's towers and zero-shot weights; and the cache of embeddings."""

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from core.classifiers.loaders import load_open_clip
from core.classifiers.registry import load_classifier
from core.classifiers.weights import Identity
from core.classifiers.zero_shot import ClipModel, cached_embeddings, fill_template, with_context
from core.data.sample_sets import CIFAR10, ClassSet
from core.shared.files import CACHE
from tests.core.toy import TINY_CLIP, save_clip, tiny_clip

ANIMALS = ClassSet("custom", ("cat", "great white shark", "crane"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "mini-clip"
    network = tiny_clip()
    save_clip(folder, network)
    return folder, network


def _pictures(height, width, count=2):
    """Smooth random pictures: like photographs, they have little energy at the highest frequencies."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, size=(count, 14, 14, 3), dtype=np.uint8)
    return [Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC) for picture in coarse]


def _images(pictures):
    return torch.stack([torch.from_numpy(np.array(p)).permute(2, 0, 1) for p in pictures]).float() / 255


@torch.no_grad()
def _reference(network, preprocess, tokenizer, names):
    """open_clip's own zero-shot classifier: PIL images -> logits."""
    weights = open_clip.build_zero_shot_classifier(network, tokenizer, names, ["a photo of a {}"])

    @torch.no_grad()
    def classify(pictures):
        features = network.encode_image(torch.stack([preprocess(p) for p in pictures]), normalize=True)
        return network.logit_scale.exp() * features @ weights

    return classify


def _difference(ours, theirs):
    """Largest difference, relative to what decides the prediction: the range of one image's logits."""
    spread = (theirs - theirs.mean(dim=1, keepdim=True)).norm(dim=1)
    return ((ours - theirs).norm(dim=1) / spread).max().item()


def test_folder_agrees_with_open_clip(tiny):
    folder, _ = tiny
    network, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    classifier = load_classifier(f"open_clip:local-dir:{folder}", ANIMALS)
    reference = _reference(network.eval(), preprocess, tokenizer, ANIMALS.names)
    assert classifier.kind == "zero-shot" and classifier.template == "a photo of a {class}"
    assert classifier.image_size == 32 and classifier.classes is ANIMALS and len(classifier.sha256) == 64

    # Other sizes are resized, and only PIL rounds the result to integer grey values.
    for side, bound in ((32, 1e-3), (20, 5e-2), (50, 5e-2)):
        pictures = _pictures(side, side)
        assert _difference(classifier(_images(pictures)), reference(pictures)) < bound

    images = _images(_pictures(20, 20, count=1)).requires_grad_()
    (gradient,) = torch.autograd.grad(classifier(images)[0, 2], images)
    assert (gradient != 0).all()
    assert all(parameter.grad is None for parameter in classifier.parameters())


def test_logit_bias_is_added_as_open_clip_adds_it(tmp_path):
    """A bias, as in SigLIP, shifts all classes of an image equally, so no prediction would reveal its sign."""
    network = open_clip.CLIP(**TINY_CLIP, init_logit_bias=-10.0).eval()
    open_clip.model.set_model_preprocess_cfg(network, {"size": 32, "mean": (0.5,) * 3, "std": (0.25,) * 3})
    save_clip(tmp_path, network, TINY_CLIP | {"init_logit_bias": -10.0})
    images = torch.rand(2, 3, 32, 32)
    tokens = open_clip.tokenize([f"a photo of a {name}" for name in ANIMALS.names])
    logits, _ = network.get_logits((images - 0.5) / 0.25, tokens)
    torch.testing.assert_close(load_classifier(f"open_clip:local-dir:{tmp_path}", ANIMALS)(images), logits)


def test_for_classes_shares_the_towers(tiny):
    folder, _ = tiny
    classifier = load_classifier(f"open_clip:local-dir:{folder}", ANIMALS)
    images = torch.rand(2, 3, 32, 32)
    before = classifier(images)
    other = classifier.for_classes(CIFAR10, template="{class}!")
    assert other.network is classifier.network and other.template == "{class}!"
    assert other(images).shape == (2, 10)
    assert other.for_classes(ANIMALS).template == "{class}!"
    torch.testing.assert_close(classifier(images), before)


def test_fill_template():
    assert fill_template("a {big} photo of a {class}", ANIMALS)[1] == "a {big} photo of a great white shark"
    for bad in ("a photo", "a photo of a {}", "{class} and {class}"):
        with pytest.raises(ValueError, match=r"holds \{class\} exactly once, got .*the paper's is 'a photo of a"):
            fill_template(bad, ANIMALS)


def test_normalisation_follows_the_tag(tmp_path, monkeypatch):
    """For `open_clip:ARCH/TAG` with a weight file, the network gets the tag's mean, not open_clip's default."""
    network = tiny_clip()
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "tiny", TINY_CLIP)
    recipe = {"mean": (0.1, 0.2, 0.3), "std": (0.5, 0.5, 0.5), "interpolation": "bilinear", "resize_mode": "squash"}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", {"mine": recipe})
    model = load_open_clip(tmp_path / "weights.safetensors", Identity("tiny", "mine"), architecture="tiny", tag="mine")
    assert model.preprocess.interpolation == "bilinear"
    torch.testing.assert_close(model.preprocess.mean.flatten(), torch.tensor([0.1, 0.2, 0.3]))
    torch.testing.assert_close(model.network.state_dict(), network.state_dict())


def test_folder_that_is_missing_incomplete_or_damaged_is_named(tiny, tmp_path):
    folder, name = tiny[0], f"open_clip:local-dir:{tmp_path}"
    with pytest.raises(FileNotFoundError, match=r"none does not"):
        load_classifier(f"{name}/none", CIFAR10)
    weights = (folder / "open_clip_model.safetensors").read_bytes()
    (tmp_path / "open_clip_model.safetensors").write_bytes(weights[:-1000])
    with pytest.raises(FileNotFoundError, match=r"lacks open_clip_config\.json"):
        load_classifier(name, CIFAR10)
    (tmp_path / "open_clip_config.json").write_bytes((folder / "open_clip_config.json").read_bytes())
    with pytest.raises(RuntimeError, match=r"open_clip_model\.safetensors"):
        load_classifier(name, CIFAR10)


@torch.no_grad()
def test_short_prompts_need_no_long_context(tiny):
    folder, network = tiny
    classifier = load_classifier(f"open_clip:local-dir:{folder}", ANIMALS)
    before = {name: value.shape for name, value in classifier.network.named_parameters()}
    prompts = ["a cat", "a photo of a great white shark", ""]
    clip = ClipModel(classifier.identity, classifier.network, classifier.tokenizer, classifier.preprocess)
    whole = network.encode_text(classifier.tokenizer(prompts), normalize=True)  # open_clip's own, with all padding
    torch.testing.assert_close(clip.embed_prompts(prompts), whole, atol=1e-6, rtol=0)
    short, length = with_context(classifier.network, 9)
    assert length == 9 and len(short.positional_embedding) == 9
    assert {name: value.shape for name, value in classifier.network.named_parameters()} == before
    assert short.token_embedding is classifier.network.token_embedding
    classifier.network.attn_mask, mask = None, classifier.network.attn_mask  # without a causal mask it needs all of it
    assert with_context(classifier.network, 9) == (classifier.network, None)
    classifier.network.attn_mask = mask


WHO = Identity("toy", "random", "a" * 64)
PROMPTS = [f"a photo of a {name}" for name in CIFAR10.names]


class Tower:
    """Embeds each prompt as its own fixed unit row, and counts the prompts that it embedded."""

    encoded = 0

    def __call__(self, prompts):
        self.encoded += len(prompts)
        rows = [np.random.default_rng([*prompt.encode()]).normal(size=8) for prompt in prompts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE, str(tmp_path))
    return tmp_path


def cached_files(cache):
    return list(cache.rglob("*.npz"))


@pytest.mark.parametrize("harm", ["cut", "other rows"])
def test_damaged_cache_is_recomputed(cache, harm):
    rows = cached_embeddings(WHO, PROMPTS, Tower())
    (path,) = cached_files(cache)
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    else:
        np.savez_compressed(path, embeddings=np.roll(rows, 1, axis=0))
    mended, again = Tower(), Tower()
    for tower in (mended, again):
        np.testing.assert_array_equal(cached_embeddings(WHO, PROMPTS, tower), rows)
    assert mended.encoded >= len(PROMPTS) and again.encoded == 1, "the next start embeds one prompt as a check"


def test_embeddings_are_not_cached_without_digest_or_folder(cache, monkeypatch):
    cached_embeddings(Identity("toy", "random"), PROMPTS, Tower())
    assert not cached_files(cache)
    (cache / "file").touch()
    monkeypatch.setenv(CACHE, str(cache / "file"))
    np.testing.assert_array_equal(cached_embeddings(WHO, PROMPTS, Tower()), Tower()(PROMPTS))


def test_visitor_words_are_not_cached(cache, tmp_path):
    folder = tmp_path / "clip"
    save_clip(folder, tiny_clip())
    first = load_classifier(f"open_clip:local-dir:{folder}", CIFAR10)
    cached = cached_files(cache)
    assert len(cached) == 1
    again = load_classifier(f"open_clip:local-dir:{folder}", CIFAR10)
    assert (again.class_embeddings == first.class_embeddings).all()
    more = again.for_classes(ClassSet("custom", (*CIFAR10.names, "my secret")))
    assert cached_files(cache) == cached and (more.class_embeddings[:10] == first.class_embeddings).all()
