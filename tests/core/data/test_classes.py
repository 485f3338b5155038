"""Class sets: their order, against timm's tables, and refusals."""

import pytest

from core.data.sample_sets import CIFAR10, ClassSet, imagenet, imagenet100


def test_imagenet_is_what_timm_says():
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    assert imagenet().wnids == tuple(info.label_names())
    assert imagenet().names == tuple(text.split(", ")[0] for text in info.label_descriptions())
    assert imagenet().imagenet_indices == tuple(range(1000))


def test_imagenet100_agrees_with_imagenet():
    everything, chosen = imagenet(), imagenet100()
    assert len(chosen) == len(set(chosen.names)) == 100
    for field in ("names", "wnids"):
        assert getattr(chosen, field) == tuple(getattr(everything, field)[k] for k in chosen.imagenet_indices)


def test_cifar10_has_ten_classes_in_the_order_of_the_data_set():
    assert len(CIFAR10) == 10 and list(CIFAR10.names) == sorted(CIFAR10.names) and CIFAR10.names[9] == "truck"


def test_class_set_keeps_tuples_of_whatever_sequence_came():
    names = ["cat", "dog"]
    class_set = ClassSet("custom", names, imagenet_indices=[281, 207])  # type: ignore[arg-type]
    names.append("bird")
    assert class_set.names == ("cat", "dog") and class_set.imagenet_indices == (281, 207)
    assert hash(class_set) == hash(ClassSet("custom", ("cat", "dog"), (281, 207)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"names": ()}, "at least one class"),
        ({"names": ("cat", " ")}, "no empty name"),
        ({"names": "cat"}, "at least one class and no empty name, got 'cat'"),
        ({"names": ("cat", "dog"), "wnids": ("n1",)}, "2 names but 1 wnids"),
    ],
)
def test_class_set_refuses_what_makes_no_sense(fields, message):
    with pytest.raises(ValueError, match=message):
        ClassSet("custom", **fields)
