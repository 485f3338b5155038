"""The table of stand-ins."""

import pytest

from core.classifiers.registry import classifier_spec
from core.shared.roles import INSTEAD, ROLES, networks_for, preference
from core.shared.roles import RELATIONS as NETWORKS

NAMES = {name for rows in ROLES.values() for row in rows for name in row} | {*INSTEAD, *INSTEAD.values(), *NETWORKS}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_networks_with_roles_are_registered(name):
    assert classifier_spec(name).name == name


def test_first_available_row_is_used():
    small = ("mini-clip", "mini-clip-robust")
    assert networks_for("twins", small) == small
    assert networks_for("twins", (*small, "clip-vit-b-32")) == small
    clips = ("clip-vit-b-32", "clip-vit-b-32-robust")
    assert networks_for("twins", (*small, *clips)) == clips
    assert networks_for("twins", (*small, *clips), small) == small, "each of the two kinds of results counts"
    assert networks_for("contrast", (*small, "clip-vit-b-32")) == ("clip-vit-b-32", "mini-clip-robust")
    assert networks_for("twins", ()) == ()


def test_single_networks_are_ranked():
    assert preference("judge", "resnet-56") < preference("judge", "mini-clip") < preference("judge", "unknown")
