"""Train Mini ResNet on CIFAR-10: an hour and a half on one core.

    python -m precomputed.training.mini_resnet --data data --output runs/mini-resnet

Run the same command again to resume after Ctrl-C, kill -9 or a power cut. `--output` receives checkpoint.pt and, at the
end, model/ in the format of precomputed/models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.classifiers.classifier import Preprocess
from core.classifiers.networks import MiniResNet
from core.data.sample_sets import CIFAR10_MEAN, CIFAR10_STD
from core.shared.cli import run_script
from precomputed.training.loop import Batch, Muon, load_cifar10, options, save_model, top1, train, unit_range

EPOCHS, BATCH_SIZE = 12, 500
CONVOLUTION_RATE, OTHER_RATE = 0.1, 0.005
LABEL_SMOOTHING = 0.1
WIDTHS = (48, 96, 192)
WEIGHTS = "model.safetensors"


def optimisers_of(network: nn.Module, convolution_rate: float, other_rate: float) -> tuple[torch.optim.Optimizer, ...]:
    """Return Muon for the convolutions, each with a norm after it, and Adam for the rest."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    convolutions = [parameter for parameter in learning if parameter.ndim == 4]
    rest = [parameter for parameter in learning if parameter.ndim < 4]
    muon = Muon(convolutions, convolution_rate, momentum=0.6, weight_decay=None)
    return muon, torch.optim.Adam(rest, other_rate, betas=(0.9, 0.95))


@torch.no_grad()
def set_whitening(network: MiniResNet, images: Tensor, regularisation: float = 5e-4) -> None:
    """Set a network's first layer, which is frozen, so that its 12 outputs per patch are uncorrelated, variance near 1.

    Args:
        images: (N, 3, H, W), normalised as in training; a few thousand suffice.
        regularisation: added to every eigenvalue, so that directions of almost no variance (the finest
            chequerboards) are not blown up into noise.
    """
    patches = F.unfold(images, network.PATCH).transpose(1, 2).reshape(-1, 3 * network.PATCH**2).double()
    patches = patches - patches.mean(dim=0)
    eigenvalues, eigenvectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (eigenvectors / torch.sqrt(eigenvalues + regularisation)).T.flip(0)
    filters = filters.reshape(-1, 3, network.PATCH, network.PATCH).to(network.whitening.weight)
    network.whitening.weight.copy_(torch.cat([filters, -filters]))


def save_resnet(folder: Path, network: nn.Module, title: str) -> None:
    """Write the model in the format of precomputed/models."""
    config = {"architecture": "mini-resnet", "kwargs": {"widths": list(WIDTHS)}, "title": title}
    save_model(folder, WEIGHTS, network, {**config, "mean": list(CIFAR10_MEAN), "std": list(CIFAR10_STD)})


def main(argv: list[str] | None = None) -> int:
    args = options(__doc__, EPOCHS).parse_args(argv)

    def work() -> str:
        data = load_cifar10(args, "train")
        preprocess = Preprocess(32, CIFAR10_MEAN, CIFAR10_STD)
        torch.manual_seed(args.seed)
        network: Any = MiniResNet(WIDTHS)
        set_whitening(network, preprocess(unit_range(data.images[:5000].cpu())))
        network.to(data.images.device).to(memory_format=torch.channels_last)
        preprocess.to(data.images.device)

        def loss_of(batch: Batch) -> Tensor:
            return F.cross_entropy(network(preprocess(batch.images)), batch.labels, label_smoothing=LABEL_SMOOTHING)

        train(network, optimisers_of(network, CONVOLUTION_RATE, OTHER_RATE), loss_of, data, BATCH_SIZE, args)
        save_resnet(args.output / "model", network, "Mini ResNet")
        network.eval()
        return f"top-1 {top1(lambda images: network(preprocess(images)), load_cifar10(args, 'test'))}"

    return run_script(work, "run the same command again to resume")


if __name__ == "__main__":
    raise SystemExit(main())
