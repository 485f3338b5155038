import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from core.training.bundle import file_sha256
from core.training.captions import captions
from core.training.clip_evaluation import ZeroShot, held_out_accuracy, plain_prompts
from core.training.clip_model import ClipRecipe, enlarge_and_normalise, open_clip_config
from core.training.mini_clip import VOCABULARY, parse_arguments, recipe_from_arguments, write_model
from core.training.vocabulary import reduced_merges, vocabulary_file

SMALL = ClipRecipe(embed_dim=16, text_width=16, text_layers=1)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A folder as the script writes it, of random weights, and the model and tokenizer behind it."""
    folder = tmp_path_factory.mktemp("clip")
    words = {word.strip(",") for caption in captions() for word in caption.text.split()}
    (folder / VOCABULARY).write_bytes(vocabulary_file(reduced_merges(words)))
    tokenizer = open_clip.SimpleTokenizer(str(folder / VOCABULARY), context_length=SMALL.context_length)
    torch.manual_seed(0)
    model = open_clip.CLIP(**open_clip_config(SMALL, tokenizer.vocab_size, "")["model_cfg"]).eval()
    write_model(folder, model, SMALL, tokenizer)
    return folder, model, tokenizer


def test_open_clip_loads_the_folder_by_itself_and_gives_the_same_logits(bundle):
    folder, model, tokenizer = bundle
    loaded, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    own_tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}", bpe_path=str(folder / VOCABULARY))
    loaded.eval()
    images = torch.rand(2, 3, 32, 32)
    wanted = ZeroShot(model, tokenizer, plain_prompts(), SMALL.image_size)(images)
    found = ZeroShot(loaded, own_tokenizer, plain_prompts(), SMALL.image_size)(images)
    assert torch.equal(wanted, found)
    assert preprocess.transforms[0].size in (SMALL.image_size, (SMALL.image_size,) * 2)


def test_open_clips_preprocessing_sees_what_training_saw(bundle):
    _, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{bundle[0]}")
    # Of low contrast: where bicubic overshoots black or white, PIL clips twice, once in each direction.
    pixels = np.random.default_rng(0).integers(100, 156, (32, 32, 3), dtype=np.uint8)
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    difference = preprocess(Image.fromarray(pixels)) - enlarge_and_normalise(images, SMALL.image_size)[0]
    assert difference.abs().max() < 1.5 / 255 / 0.24  # PIL rounds to whole grey values


def test_held_out_accuracy_counts_every_image_for_every_set_of_prompts(bundle, coloured):
    _, model, tokenizer = bundle
    found = held_out_accuracy(model, tokenizer, coloured.head(20), SMALL.image_size)
    assert found.count == 20 * 30


def test_recipe_takes_changes_from_the_command_line():
    arguments = parse_arguments(["--data", "d", "--output", "o", "--epochs", "3", "--seed", "7"])
    assert recipe_from_arguments(arguments) == ClipRecipe(epochs=3, seed=7)


def test_robust_recipe_names_the_weights_it_starts_from(tmp_path):
    (tmp_path / "weights").write_bytes(b"some weights")
    arguments = parse_arguments(["--data", "d", "--output", "o", "--robust", "--start", str(tmp_path / "weights")])
    recipe = recipe_from_arguments(arguments)
    assert recipe.attack_steps > 0 and recipe.start_sha256 == file_sha256(tmp_path / "weights")
