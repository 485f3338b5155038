"""The training loop, with either part: it learns, resumes bit for bit, and is not disturbed by evaluations."""

import pytest
import torch

from precomputed.training.loop import Recipe, clean_accuracy, load_checkpoint, save_checkpoint, write_bundle

KINDS = pytest.mark.parametrize(
    ("kind", "attack_steps"), [("resnet", 0), ("resnet", 1), ("clip", 0), ("clip", 1)], ids=str
)


def assert_same_weights(first, other):
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, other.network.state_dict()[name]), name


@pytest.mark.slow
@KINDS
def test_a_run_with_evaluations_and_a_restart_ends_at_the_same_bits(
    kind, attack_steps, make_training, coloured, tmp_path
):
    whole = make_training(kind, attack_steps=attack_steps)
    states = list(whole.steps())
    assert [state.step for state in states] == list(range(1, whole.total_steps + 1))
    first = make_training(kind, attack_steps=attack_steps)
    steps = first.steps()
    for _ in range(3):
        next(steps)
        clean_accuracy(first.classifier(), coloured)
    save_checkpoint(tmp_path / "checkpoint.pt", first.state())
    second = make_training(kind, attack_steps=attack_steps)
    stored = load_checkpoint(tmp_path / "checkpoint.pt", second.facts)
    assert stored is not None
    second.restore(stored)
    for training in (first, second):
        for _ in training.steps():
            pass
        assert_same_weights(whole, training)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "attack_steps", "share"), [("resnet", 0, 0.7), ("resnet", 1, 0.7), ("clip", 0, 0.85)])
def test_steps_reduce_the_loss(kind, attack_steps, share, make_training):
    losses = [state.loss for state in make_training(kind, attack_steps=attack_steps, epochs=8).steps()]
    assert sum(losses[-3:]) < share * sum(losses[:3])


@pytest.mark.parametrize("kind", ["resnet", "clip"])
def test_classifier_predicts_as_the_network_in_eval_mode(kind, make_training, coloured):
    training = make_training(kind, attack_steps=1)
    next(training.steps())
    images = torch.rand(4, 3, 32, 32)
    classifier = training.classifier()
    training.network.eval()
    assert torch.equal(classifier(images), training.logits(images).detach())
    assert not any(parameter.requires_grad for parameter in classifier.parameters())


def test_training_leaves_the_global_generator_alone(make_training):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    next(make_training("resnet", attack_steps=1).steps())
    assert torch.equal(before, torch.get_rng_state())


def test_start_takes_up_exactly_the_weights_that_the_recipe_names(make_training, tmp_path):
    path = tmp_path / "weights.safetensors"
    first = make_training("resnet")
    sha256 = write_bundle(tmp_path, path.name, first.network, {}, "")
    assert not torch.equal(first.network.head.weight, make_training("resnet", seed=3).network.head.weight)
    assert_same_weights(first, make_training("resnet", path, seed=3, start_sha256=sha256))
    with pytest.raises(RuntimeError, match="expected 0000"):
        make_training("resnet", path, start_sha256="0" * 64)
    write_bundle(tmp_path, path.name, torch.nn.Linear(2, 2), {}, "")
    with pytest.raises(RuntimeError, match="does not fit MiniResNet"):
        make_training("resnet", path)


def test_checkpoint_of_another_recipe_is_refused(make_training, tmp_path):
    save_checkpoint(tmp_path / "c.pt", make_training("resnet").state())
    with pytest.raises(ValueError, match=r"another recipe: expected \{'epochs': 5\}, found \{'epochs': 3\}"):
        load_checkpoint(tmp_path / "c.pt", make_training("resnet", epochs=5).facts)


def test_damaged_checkpoint_is_named(tmp_path):
    (tmp_path / "c.pt").write_bytes(b"PK\x03\x04 half a checkpoint")
    with pytest.raises(RuntimeError, match=r"cannot read the checkpoint .*c\.pt"):
        load_checkpoint(tmp_path / "c.pt", {})


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"epochs": 0}, "epochs must be positive; got 0"), ({"attack_steps": -1}, "attack_steps must not be negative")],
)
def test_recipe_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**{"epochs": 1, "batch_size": 1, "muon_rate": 1, "adam_rate": 1} | changes)


def test_training_refuses_fewer_images_than_a_batch(make_training):
    with pytest.raises(ValueError, match="a batch needs 100 images; the training set has 60"):
        make_training("resnet", batch_size=100)
