"""Every command of the documents, as printed, on a machine that has nothing but this repository and its requirements.

Each runs in a new folder with empty caches and a hub of this machine, shortened only by options of `SHORTER`; then once
more, to resume; and once without a network."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.classifiers.registry import PAPERS_CLIP, classifier_spec
from core.classifiers.weights import HubFile
from core.data.datasets import load_samples
from core.data.sample_sets import imagenet100
from tests.core.toy import save_clip, tiny_clip
from tests.false_hub.cifar10 import small_archive
from tests.hub_server import dead_address, hub_server

ROOT = Path(__file__).parents[1]
HUB = ROOT / "tests" / "false_hub"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
SECONDS = 900  # for the slowest of them, on a busy machine
SHORTER = {
    "core.sweep waves": ["--size", "3", "--limit", "4"],
    "core.pgd inpaint": ["--limit", "1", "--steps", "2"],
    "core.pgd generate": ["--limit", "1", "--steps", "2"],
    "core.reproduce.profile": ["--parts", "corruptions"],
    "core.reproduce.profile --classifier clip-vit-b-32": ["--dataset", "my_images.npz"],
    "core.reproduce": ["--quick", "--parts", "stand-in-clip,generate-mini-clip,figure-1,figure-2"]
    + ["--limit", "2", "--runs", "1"],
    "precomputed.training.mini_resnet": ["--epochs", "1"],
    "precomputed.training.mini_clip": ["--epochs", "1"],
    "precomputed.training.robust": ["--epochs", "1"],
}
# Commands that other tests run as they are printed, by their beginning.
ELSEWHERE = {
    "python3 -m venv .venv": ".ci/run and tests/browser",
    "python -m web": "tests/web",
}
PAPERS = (PAPERS_CLIP, "resnet-50", "resnet-56")


@dataclass(frozen=True)
class Command:
    """Commands of one block that belong together: one, or several of which each reads what those before it wrote."""

    document: str
    text: str

    @property
    def downloads(self):
        return "--download" in self.text

    @property
    def classifiers(self):
        """Names of the downloaded networks."""
        named = re.findall(r"--(?:classifier|judge) (\S+)", self.text)
        if re.search(r"core\.reproduce .*--download", self.text):
            named += PAPERS
        return [name for name in named if name in PAPERS or (":" in name and "local-dir" not in name)]

    @property
    def slow(self):
        """Whether it is in the second tier: all but those of the README and docs/commands.md that take seconds."""
        large = {*self.classifiers} - {"resnet-56"} or re.search(r"core\.reproduce|torchrun|training", self.text)
        return self.document not in ("README.md", "commands.md") or bool(large)


def printed_commands():
    """Return the commands of all documents, each once."""
    commands = {}
    for document in DOCUMENTS:
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```", document.read_text("utf-8"), re.S | re.M):
            if language not in ("", "bash"):
                continue
            lines = [line for line in block.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
            for text in [block] if re.search(r"\bsrun |--start runs/", block) else lines:
                commands.setdefault(text, Command(document.name, text))
    return [command for command in commands.values() if not command.text.startswith(tuple(ELSEWHERE))]


def parameters(commands):
    """Return them as parameters of a test, in their tiers."""
    return [
        pytest.param(command, id=re.sub(r"[^\w.:=-]+", " ", f"{command.document} {command.text}")[:90].strip(),
                     marks=[pytest.mark.slow] * command.slow)
        for command in commands
    ]  # fmt: skip


COMMANDS = printed_commands()


# The machine


@cache
def random_weights(name, folder):
    """Return a file of random weights in the published file's layout, and its sha256."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path = folder / name.replace("/", "-")
    if name == PAPERS_CLIP or name.startswith("open_clip:"):
        import open_clip

        save_file(open_clip.create_model("ViT-B-32").state_dict(), path)
    elif name.startswith("timm:"):
        import timm

        save_file(timm.create_model(name.removeprefix("timm:")).state_dict(), path)
    elif name == "resnet-56":
        from core.classifiers.networks import CifarResNet

        torch.save({"state_dict": {f"module.{key}": value for key, value in CifarResNet().state_dict().items()}}, path)
    else:
        from torchvision import models

        model = "resnet50" if name == "resnet-50" else name.removeprefix("torchvision:")
        torch.save(models.get_model(model).state_dict(), path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder for weights, and CIFAR-10's archive with what describes it."""
    folder, samples = tmp_path_factory.mktemp("served"), load_samples("cifar10-samples")
    return folder, *small_archive(folder, samples.images, samples.labels)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder with the programs that documents start, which run the real ones in small."""
    folder = tmp_path_factory.mktemp("programs")
    launcher = f"#!{sys.executable} -SE\n{(HUB / 'launcher.py').read_text()}"
    files = {"python": launcher, "torchrun": launcher, "srun": (HUB / "srun").read_text()}
    for name, text in (files | {"scontrol": "#!/bin/sh\necho 127.0.0.1\n"}).items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def machine(tmp_path, served, programs):
    """Return a function: the environment of a new machine, with a hub that serves a command's files or without."""
    folder, archive, cifar10 = served
    with ExitStack() as servers:

        def start(command, network):
            files, digests = {f"files/{archive.name}": archive.read_bytes()}, {}
            for name in command.classifiers if network else ():
                source, (path, digest) = classifier_spec(name).weights, random_weights(name, folder)
                if isinstance(source, HubFile):
                    files[f"{source.repo_id}/{source.weights[0]}"], digests[source.repo_id] = path.read_bytes(), digest
                else:
                    files[f"files/{source.path.name}"], digests[source.path.name] = path.read_bytes(), digest
            url = dead_address()
            if network:
                hub = servers.enter_context(hub_server(files))
                url, hub.commit = hub.url, classifier_spec(PAPERS_CLIP).weights.revision
            usual = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TORCH_"))}
            return usual | {
                "PATH": f"{programs}:{os.environ['PATH']}",
                "PYTHON": sys.executable,
                "PYTHONPATH": f"{HUB}:{ROOT}",
                "OMP_NUM_THREADS": "1",
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "CLIP_LAB_CACHE": str(tmp_path / "cache" / "clip-lab"),
                "HF_ENDPOINT": url,
                "FALSE_HUB": json.dumps({"url": url, "digests": digests, "cifar10": cifar10}),
                "SHORTER": json.dumps(SHORTER),
                "SLURM_JOB_ID": "1",
                "SLURM_JOB_NODELIST": "here",
            }

        yield start


def put_what_a_reader_has(command, folder, served):
    """Write what the documents call the reader's own, where a command names it."""
    folder.mkdir()
    photographs = load_samples("photographs")
    for name in ("FOLDER_OF_CLASS_FOLDERS", "my_photographs"):
        for image, label in [*zip(photographs.images, photographs.labels, strict=True)][: 3 * (name in command.text)]:
            inside = folder / name / photographs.classes.names[label]
            inside.mkdir(parents=True)
            Image.fromarray(image.transpose(1, 2, 0)).save(inside / "one.png")
    for name in ("IMAGENET100", "data/imagenet100"):
        for wnid in imagenet100().wnids * (name in command.text):
            (folder / name / wnid).mkdir(parents=True)
            Image.new("RGB", (8, 8), (hash(wnid) % 256, 99, 0)).save(folder / name / wnid / "one.png")
    images, names = np.zeros((4, 96, 96, 3), np.uint8), np.array(["ant", "bee", "cat", "dog"])
    np.savez(folder / "my_images.npz", images=images, labels=np.arange(4), classes=names)
    if "my_clip" in command.text:
        save_clip(folder / "my_clip", tiny_clip())
    if "precomputed/models" in command.text:
        (folder / "precomputed").symlink_to(ROOT / "precomputed")
    if " data" in command.text and not command.downloads:
        shutil.unpack_archive(served[1], folder / "data")


def run(text, folder, environment):
    """Run a command by a shell; return its exit status, output, errors, and seconds."""
    begun = time.monotonic()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=SECONDS,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr, round(time.monotonic() - begun, 1)


def results(folder):
    """Return the content of the files that hold results, by name."""
    files = (path for path in folder.rglob("*") if path.suffix in (".npz", ".safetensors", ".png"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


# The tests


@pytest.mark.parametrize("command", parameters(COMMANDS))
def test_documented_commands_run_and_resume(command, machine, served, tmp_path, record_property):
    folder = tmp_path / "here"
    put_what_a_reader_has(command, folder, served)
    environment = machine(command, network=command.downloads or "srun" in command.text)
    if "srun" in command.text:  # the weights must be there beforehand
        before = "python -m core.sweep waves --classifier clip-vit-b-32 --download --dataset cifar10 --data-dir data"
        assert run(f"{before} --output before.npz", folder, environment)[0] == 0
    had = results(folder)
    status, output, errors, seconds = run(command.text, folder, environment)
    record_property("first", [status, seconds])
    assert status == 0, output + errors
    made = results(folder)
    assert made.keys() > had.keys(), "it writes a result"
    assert ("downloading " in errors) == command.downloads
    status, output, errors, seconds = run(command.text, folder, environment)
    record_property("again", [status, seconds])
    assert status == 0 and results(folder) == made and "downloading " not in errors, output + errors


@pytest.mark.parametrize("command", parameters(command for command in COMMANDS if command.downloads))
def test_offline_command_fails_with_one_sentence(command, machine, served, tmp_path, record_property):
    folder = tmp_path / "here"
    put_what_a_reader_has(command, folder, served)
    had = sorted(folder.rglob("*"))
    status, output, errors, seconds = run(command.text, folder, machine(command, network=False))
    record_property("offline", [status, seconds])
    sentences = {line for line in errors.splitlines() if line.startswith("error: ")}
    assert any("check your internet connection" in line for line in sentences), output + errors
    if not command.text.startswith("torchrun"):  # which reports that its processes ended, and starts them again
        assert status == 2 and len(sentences) == 1 and "Traceback" not in errors
    assert status and sorted(folder.rglob("*")) == had


def test_documented_modules_exist():
    for document in DOCUMENTS:
        for module in re.findall(
            r"python -m ((?:core|precomputed|benchmarks|tests|web)[\w.]*)", document.read_text("utf-8")
        ):
            place = ROOT.joinpath(*module.split("."))
            assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), (document.name, module)
