import dataclasses

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from core.training import clip_loop
from core.training.bundle import file_sha256
from core.training.captions import captions
from core.training.clip_loop import ClipTraining
from core.training.clip_loss import caption_targets, contrastive_loss
from core.training.clip_model import ClipRecipe
from core.training.vocabulary import reduced_merges, vocabulary_file

# The published image tower with everything else small: a few steps take seconds.
TINY = ClipRecipe(image_size=32, embed_dim=16, text_width=16, text_layers=1, epochs=6, batch_size=20, shift=1,
                  captions_per_class=2)  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = tmp_path_factory.mktemp("vocabulary") / "bpe.txt.gz"
    words = {word.strip(",") for caption in captions() for word in caption.text.split()}
    path.write_bytes(vocabulary_file(reduced_merges(words, 0)))
    return open_clip.SimpleTokenizer(str(path), context_length=24)


@pytest.fixture(scope="module")
def texts():
    return captions()[::10]


def test_steps_reduce_the_loss(coloured, texts, tokenizer):
    states = list(ClipTraining(dataclasses.replace(TINY, epochs=10), coloured, texts, tokenizer).steps())
    assert sum(s.loss for s in states[-3:]) < 0.85 * sum(s.loss for s in states[:3])


def test_restore_ends_at_the_same_bits_as_an_uninterrupted_run(coloured, texts, tokenizer):
    whole = ClipTraining(TINY, coloured, texts, tokenizer)
    for state in whole.steps():
        if state.step == 5:
            stored = {key: value for key, value in whole.state().items()}
            stored["network"] = {name: tensor.clone() for name, tensor in stored["network"].items()}
            stored["optimisers"] = torch.load(_saved(stored["optimisers"]), weights_only=True)
    second = ClipTraining(TINY, coloured, texts, tokenizer)
    second.restore(stored)
    for _ in second.steps():
        pass
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name]), name


def _saved(value):
    import io

    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    return buffer


def test_every_class_gets_its_captions_at_every_step(coloured, texts, tokenizer):
    training = ClipTraining(TINY, coloured, texts, tokenizer)
    chosen = training._draw_captions()
    labels = torch.tensor([caption.label for caption in texts])[chosen]
    assert torch.bincount(labels, minlength=10).tolist() == [2] * 10


def test_training_refuses_a_weight_without_a_teacher(coloured, texts, tokenizer):
    with pytest.raises(ValueError, match=r"teacher_weight is 0\.5 without a teacher"):
        ClipTraining(dataclasses.replace(TINY, teacher_weight=0.5), coloured, texts, tokenizer)


def test_caption_targets_by_hand():
    probabilities = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
    attributes = torch.tensor([[True, False], [False, True]])
    found = caption_targets(probabilities, attributes, torch.tensor([0, 0, 1, 1]), torch.tensor([-1, 0, 1, 0]))
    assert found.tolist() == [[1.0, 1.0, 0.0, 0.0], [0.25, 0.0, 0.75, 0.0]]


def test_contrastive_loss_is_clips_own_when_captions_are_unique():
    torch.manual_seed(0)
    images, texts = (torch.nn.functional.normalize(torch.randn(6, 8), dim=1) for _ in range(2))
    scale = torch.tensor(10.0)
    wanted = open_clip.ClipLoss()(images, texts, scale)
    assert torch.allclose(contrastive_loss(images, texts, scale, torch.eye(6)), wanted, atol=1e-6)


def test_contrastive_loss_ignores_images_of_a_caption_true_of_none():
    images, texts = torch.eye(2), torch.eye(3)[:, :2]
    truth = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert torch.isfinite(contrastive_loss(images, texts, torch.tensor(100.0), truth))


@pytest.fixture(scope="module")
def trained(coloured, texts, tokenizer, tmp_path_factory):
    """A file of weights after some steps of ordinary training."""
    training = ClipTraining(TINY, coloured, texts, tokenizer)
    for _ in training.steps():
        pass
    path = tmp_path_factory.mktemp("start") / "weights.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in training.model.state_dict().items()}, path)
    return path


def test_adversarial_fine_tuning_changes_the_image_tower_alone(coloured, texts, tokenizer, trained):
    recipe = dataclasses.replace(TINY, epochs=1, attack_steps=2, start_sha256=file_sha256(trained))
    training = ClipTraining(recipe, coloured, texts, tokenizer, start=trained)
    before = {name: tensor.clone() for name, tensor in training.model.state_dict().items()}
    for _ in training.steps():
        pass
    changed = {name.partition(".")[0] for name, tensor in training.model.state_dict().items()
               if not torch.equal(tensor, before[name])}  # fmt: skip
    assert changed == {"visual"}


def test_attacked_images_stay_in_the_ball_and_raise_the_loss(coloured, texts, tokenizer, trained, monkeypatch):
    recipe = dataclasses.replace(TINY, epochs=1, attack_steps=3, start_sha256=file_sha256(trained))
    training = ClipTraining(recipe, coloured, texts, tokenizer, start=trained)
    seen, attack_l2 = [], clip_loop.attack_l2

    def watched(logits_of, images, labels, **settings):
        attacked = attack_l2(logits_of, images, labels, **settings)
        losses = [torch.nn.functional.cross_entropy(logits_of(x), labels).item() for x in (images, attacked)]
        seen.append((float((attacked - images).flatten(1).norm(dim=1).max()), *losses))
        return attacked

    monkeypatch.setattr(clip_loop, "attack_l2", watched)
    next(training.steps())
    ((distance, clean, attacked),) = seen
    assert distance <= 0.5 + 1e-5 and attacked > clean


def test_fine_tuning_refuses_other_weights_than_the_recipe_names(coloured, texts, tokenizer, trained):
    recipe = dataclasses.replace(TINY, attack_steps=2, start_sha256="0" * 64)
    with pytest.raises(RuntimeError, match="should have sha256 000000000000"):
        ClipTraining(recipe, coloured, texts, tokenizer, start=trained)
