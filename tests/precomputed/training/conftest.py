"""A tiny, learnable training set with one colour per class, and small trainings on it."""

import copy
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from precomputed.training.data import LabelledImages, captions
from precomputed.training.loop import ClipRecipe, ResNetRecipe, Training
from precomputed.training.mini_clip import ARCHITECTURE, ClipTraining, write_tokenizer
from precomputed.training.mini_resnet import ResNetTraining


@pytest.fixture(scope="session")
def coloured() -> LabelledImages:
    """60 images of ten classes, one colour per class plus noise."""
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 10
    colours = np.random.default_rng(7).uniform(0.15, 0.85, (10, 3))
    pixels = colours[labels][:, :, None, None] + generator.normal(0, 0.05, (60, 3, 32, 32))
    images = torch.from_numpy((pixels.clip(0, 1) * 255).astype(np.uint8))
    return LabelledImages(images, torch.from_numpy(labels.astype(np.int64)), "coloured")


@pytest.fixture(scope="session")
def architecture() -> dict:
    return json.loads(ARCHITECTURE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory, architecture):
    """The tokenizer of mini-clip's own vocabulary."""
    folder = tmp_path_factory.mktemp("vocabulary")
    return write_tokenizer(folder, architecture["model_cfg"]["text_cfg"]["context_length"])


@pytest.fixture(scope="session")
def make_training(coloured, architecture, tokenizer) -> Callable[..., Training]:
    """Return a function that makes a "resnet" or "clip" training, as small as possible."""
    small = copy.deepcopy(architecture)
    small["model_cfg"]["embed_dim"] = 16
    small["model_cfg"]["vision_cfg"] |= {"image_size": 32, "timm_model_name": "test_resnet"}  # timm's smallest
    small["model_cfg"]["text_cfg"] |= {"width": 16, "layers": 1}

    def make(kind: str, start=None, **changes) -> Training:
        if kind == "resnet":
            settings = {"widths": (8, 8, 8), "epochs": 3, "batch_size": 20, "shift": 2}
            return ResNetTraining(ResNetRecipe(**settings | changes), coloured, start)
        settings = {"epochs": 2, "batch_size": 20, "shift": 1, "captions_per_class": 2}
        recipe = ClipRecipe(**settings | changes)
        return ClipTraining(recipe, small, coloured, captions()[::10], tokenizer, start=start)

    return make


@pytest.fixture(autouse=True)
def one_thread():
    """Bit-identical runs need a fixed number of threads. A training also sets the precision of products."""
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(precision)
