"""Square crop, arrays for classifiers and for display."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core.data.picture_files import png_data_uri, square_image, to_uint8


def random_picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=(height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "height, width", [(300, 451), (451, 300), (256, 384), (255, 999), (100, 100), (224, 225), (37, 41), (512, 256)]
)
def test_square_image_equals_torchvisions_evaluation_transform(height, width):
    from torchvision import transforms

    picture = random_picture(height, width)
    evaluation = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    expected = np.asarray(evaluation(Image.fromarray(picture)))
    np.testing.assert_array_equal(square_image(picture, 224), expected)


def test_square_image_only_cuts_a_picture_of_the_right_height():
    picture = random_picture(256, 300)
    np.testing.assert_array_equal(square_image(picture, 224), picture[16:240, 38:262])


def test_square_image_leaves_a_picture_of_the_right_size_alone():
    picture = random_picture(32, 32)
    result = square_image(picture, 32)
    np.testing.assert_array_equal(result, picture)
    result[:] = 0
    assert picture.any(), "the result must not share memory with the argument"


def test_square_image_keeps_a_square_picture_whole_if_told():
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    picture[0] = 255
    assert square_image(picture, 32, resize_to=32)[0].min() > 100
    assert square_image(picture, 32).max() == 0


def test_square_image_bounds_the_work_for_a_strip():
    strip = np.zeros((8, 400_000, 3), dtype=np.uint8)
    strip[:, 200_000 - 20 : 200_000 + 20] = 255
    assert square_image(strip, 224).min() == 255


def test_square_image_refuses_other_arrays_and_sizes():
    with pytest.raises(ValueError, match=r"uint8 \(H, W, 3\) picture, got float64 \(8, 8, 3\)"):
        square_image(np.zeros((8, 8, 3)), 8)
    with pytest.raises(ValueError, match=r"got uint8 \(3, 8, 8\)"):
        square_image(np.zeros((3, 8, 8), dtype=np.uint8), 8)
    with pytest.raises(ValueError, match="got size 8 and resize_to 7"):
        square_image(random_picture(9, 9), 8, resize_to=7)


def test_to_uint8_inverts_the_division_by_255_rounds_and_clips():
    picture = np.arange(256 * 3, dtype=np.int64).astype(np.uint8).reshape(16, 16, 3)
    np.testing.assert_array_equal(to_uint8(picture.transpose(2, 0, 1) / np.float32(255)), picture)
    array = np.array([-0.5, 0.49 / 255, 0.51 / 255, 2.0])
    result = to_uint8(np.broadcast_to(array, (3, 1, 4)))
    assert result[0, :, 0].tolist() == [0, 0, 1, 255]


def test_to_uint8_refuses_nan_and_other_shapes():
    with pytest.raises(ValueError, match="got NaN"):
        to_uint8(np.full((3, 2, 2), np.nan))
    with pytest.raises(ValueError, match=r"floats \(3, H, W\)"):
        to_uint8(np.zeros((2, 2, 3)))


def test_png_data_uri_is_lossless():
    picture = random_picture(33, 17)
    head, _, body = png_data_uri(picture).partition(",")
    assert head == "data:image/png;base64"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(body)))), picture)
