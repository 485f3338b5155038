"""CIFAR-10 in small, in torchvision's layout: what its server would send, and the digests that torchvision expects."""

import hashlib
import pickle
import tarfile

import numpy as np

from core.data.sample_sets import CIFAR10

FOLDER = "cifar-10-batches-py"


def small_archive(folder, images, labels):
    """Write the archive of some pictures, the same for each file of the data set.

    Args:
        images: (N, 3, 32, 32) uint8. labels: N of them.
    Returns:
        The archive's path, and the attributes of torchvision's class that describe it.
    """
    inside = folder / FOLDER
    inside.mkdir()

    def write(name, content):
        (inside / name).write_bytes(pickle.dumps(content))
        return hashlib.md5((inside / name).read_bytes()).hexdigest()

    batch = {"data": np.reshape(images, (len(images), -1)), "labels": [int(label) for label in labels]}
    train = [[name, write(name, batch)] for name in (f"data_batch_{number}" for number in range(1, 6))]
    facts = {
        "train_list": train,
        "test_list": [["test_batch", write("test_batch", batch)]],
        "meta": {
            "filename": "batches.meta",
            "key": "label_names",
            "md5": write("batches.meta", {"label_names": list(CIFAR10.names)}),
        },
    }
    archive = folder / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(inside, FOLDER)
    return archive, facts | {"tgz_md5": hashlib.md5(archive.read_bytes()).hexdigest()}
