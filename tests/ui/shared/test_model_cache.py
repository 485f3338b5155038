"""Which classifiers a page offers for which classes."""

from ui.shared.model_cache import ready_classifiers, ready_clips


def names(specs) -> set[str]:
    return {spec.name for spec in specs}


def test_a_clip_that_learned_ten_words_is_not_asked_about_a_thousand_classes():
    assert "mini-clip" in names(ready_classifiers("cifar10")) and "mini-clip" not in names(
        ready_classifiers("imagenet")
    )
    assert "efficientnet-lite0" in names(ready_classifiers("imagenet"))


def test_every_clip_predicts_in_the_visitors_own_words():
    assert "mini-clip" in names(ready_clips()) and "mini-resnet" not in names(ready_clips())
