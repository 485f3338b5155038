"""Strength of waves at two networks' inputs: shipped shares against the actual preprocessing."""

import dataclasses

import numpy as np
import pytest

from core.claims.claim import NamedMap
from core.claims.quantities import equal_strength, remaining_share
from core.classifiers.registry import network_side
from core.data.sample_sets import PRECOMPUTED
from core.fourier.contrasts import Band, corners
from core.fourier.heatmap import Heatmap
from core.fourier.waves import STORED_ATTENUATION
from precomputed.make_resize_attenuation import resize_attenuations

CORNERS = Band(16, 21)


def named(stem):
    heatmap = Heatmap.load(PRECOMPUTED / "heatmaps" / f"{stem}.npz")
    return NamedMap(stem, stem, heatmap, network_side(heatmap.metadata["classifier"]["name"]))


def test_the_shipped_shares_are_those_of_the_preprocessing():
    with np.load(STORED_ATTENUATION) as file:
        shipped = dict(file)
    computed = resize_attenuations()
    assert shipped.keys() == computed.keys()
    for name, shares in computed.items():
        np.testing.assert_allclose(shipped[name], shares, atol=1e-5)


def test_clips_waves_are_weakened_and_the_resnets_are_not():
    strengths = equal_strength(named("clip-vit-b-32_cifar10_published"), named("resnet-56_cifar10_published"), CORNERS)
    assert strengths.subject == pytest.approx(0.65, abs=0.005) and strengths.reference == 1 and not strengths.equal
    assert strengths.network_side == 224


def test_networks_of_one_size_need_nothing():
    strengths = equal_strength(named("mini-resnet_cifar10"), named("resnet-56_cifar10_published"), CORNERS)
    assert strengths.equal and strengths.subject == strengths.reference == 1


def test_what_was_not_measured_is_unknown():
    clip = named("clip-vit-b-32_cifar10_published")
    assert network_side("a stranger") is None
    stranger = dataclasses.replace(clip, network_side=None)
    assert equal_strength(clip, stranger, CORNERS) is None and equal_strength(stranger, clip, CORNERS) is None
    cropped = dataclasses.replace(clip, heatmap=clip.heatmap.crop(5))
    assert equal_strength(clip, cropped, CORNERS) is None and equal_strength(cropped, clip, CORNERS) is None
    assert remaining_share(clip.heatmap, 99, CORNERS) is None
    assert remaining_share(clip.heatmap.crop(5), 224, corners(clip.heatmap.crop(5))) is None
    assert remaining_share(clip.heatmap, 32, CORNERS) == 1
