import numpy as np
import pytest

from core.data.classes import ClassSet
from core.data.dataset import ImageDataset
from core.data.class_statistics import STATISTICS, DatasetStatistics, dataset_statistics, main


def small_dataset(counts=(5, 7), seed=0) -> ImageDataset:
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = generator.integers(0, 256, (len(labels), 3, 8, 8), dtype=np.uint8)
    classes = ClassSet("custom", tuple(f"class {k}" for k in range(len(counts))))
    return ImageDataset("small", "train", images, labels.astype(np.int64), classes, "made up")


def test_dataset_statistics_agree_with_numpy():
    dataset = small_dataset()
    found = dataset_statistics(dataset)
    for label in range(2):
        images = dataset.images[dataset.labels == label] / 255
        assert np.allclose(found.mean[label], images.mean(axis=0), atol=1e-6)
        assert np.allclose(found.std[label], images.std(axis=0), atol=1e-6)
    assert found.counts.tolist() == [5, 7]


def test_save_and_load_round_within_the_stated_precision(tmp_path):
    statistics = dataset_statistics(small_dataset())
    statistics.save(tmp_path / "s.npz")
    loaded = DatasetStatistics.load(tmp_path / "s.npz")
    for one, other in ((statistics.mean, loaded.mean), (statistics.std, loaded.std)):
        assert np.abs(one - other).max() <= 0.00025
    assert loaded.class_names == statistics.class_names and loaded.metadata == statistics.metadata
    assert loaded.mean.dtype == np.float32


def test_save_gives_equal_files_for_equal_statistics(tmp_path):
    for name in ("a.npz", "b.npz"):
        dataset_statistics(small_dataset()).save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_of_class_says_where_the_numbers_come_from():
    statistics = dataset_statistics(small_dataset())
    assert statistics.of_class("class 1").source == "7 train images of class 'class 1', small"
    with pytest.raises(ValueError, match="no statistics for class 'cat'; there are some for class 0, class 1"):
        statistics.of_class("cat")


def test_dataset_statistics_refuse_a_class_of_one():
    with pytest.raises(ValueError, match=r"class 'class 1' has 1 image\(s\)"):
        dataset_statistics(small_dataset((3, 1)))


def test_load_refuses_what_is_not_its_own(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no pixel statistics at .*none\.npz"):
        DatasetStatistics.load(tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_bytes(b"not an archive")
    with pytest.raises(RuntimeError, match=r"bad\.npz is damaged"):
        DatasetStatistics.load(tmp_path / "bad.npz")
    np.savez(tmp_path / "new.npz", mean=0, std=0, counts=0, metadata='{"schema": 9, "class_names": []}')
    with pytest.raises(RuntimeError, match="schema version 9, known: 1"):
        DatasetStatistics.load(tmp_path / "new.npz")


def test_main_reads_an_archive(tmp_path, capsys):
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "set.npz", images=images, labels=np.array([0, 1] * 3), classes=np.array(["one", "two"]))
    output = tmp_path / "statistics.npz"
    assert main(["--dataset", str(tmp_path / "set.npz"), "--output", str(output)]) == 0
    assert "2 classes, 6 images" in capsys.readouterr().out
    wanted = images[1::2].transpose(0, 3, 1, 2).mean(axis=0) / 255
    assert np.allclose(DatasetStatistics.load(output).mean[1], wanted, atol=3e-4)


def test_main_explains_a_missing_data_set(tmp_path, capsys):
    assert main(["--dataset", "cifar10", "--data-dir", str(tmp_path), "--output", str(tmp_path / "s.npz")]) == 2
    assert "cifar10" in capsys.readouterr().err.lower().replace("-", "")


def test_bundled_statistics_of_cifar10():
    if not (STATISTICS / "cifar10.npz").is_file():
        pytest.skip("not bundled")
    statistics = DatasetStatistics.load(STATISTICS / "cifar10.npz")
    assert statistics.mean.shape == (10, 3, 32, 32) and statistics.counts.tolist() == [5000] * 10
    # CIFAR-10's published channel means; the classes are of equal size.
    assert np.allclose(statistics.mean.mean(axis=(0, 2, 3)), (0.4914, 0.4822, 0.4465), atol=2e-4)
    variance = (statistics.std**2 + statistics.mean**2).mean(axis=(0, 2, 3)) - statistics.mean.mean(axis=(0, 2, 3)) ** 2
    assert np.allclose(np.sqrt(variance), (0.2470, 0.2435, 0.2616), atol=2e-4)
