"""Python imports this at its start where PYTHONPATH has this folder: downloads then come from the server of FALSE_HUB.

FALSE_HUB is JSON. url: of the server. digests: sha256 of each served file, by the end of its URL or its repository.
cifar10: attributes of torchvision's class that describe the served archive.
"""

import json
import os

from core.classifiers import weights
from core.data import datasets

FACTS = json.loads(os.environ["FALSE_HUB"])
url_file, hub_file, cifar10 = weights.UrlFile.__init__, weights.HubFile.__init__, datasets._torchvision_cifar10


def served_url(self, url, sha256=None, download_bytes=None):
    name = url.rsplit("/", 1)[-1]
    url_file(self, f"{FACTS['url']}/cdn/files/{name}", FACTS["digests"].get(name, sha256), download_bytes)


def served_repository(self, *args, **options):
    hub_file(self, *args, **options)
    if self.sha256:
        object.__setattr__(self, "sha256", FACTS["digests"].get(self.repo_id, self.sha256))


def served_cifar10(*args):
    from torchvision.datasets import CIFAR10

    CIFAR10.url = f"{FACTS['url']}/cdn/files/{CIFAR10.filename}"
    for name, value in FACTS["cifar10"].items():
        setattr(CIFAR10, name, value)
    return cifar10(*args)


weights.UrlFile.__init__, weights.HubFile.__init__ = served_url, served_repository
datasets._torchvision_cifar10 = served_cifar10
