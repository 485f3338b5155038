"""The findings on the paper's own maps."""

import pytest

from tests.core.claims.judging import ALL_MAPS, CLIP, RESNET56, judged


@pytest.fixture(scope="session")
def published():
    return judged(ALL_MAPS[CLIP], ALL_MAPS[RESNET56], ALL_MAPS.values())
