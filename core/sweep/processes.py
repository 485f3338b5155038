"""One process, or several started by `torchrun`: who computes which cells, and how results come together."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Processes:
    """rank: this process, 0 to count - 1; rank 0 reads and writes files. local_rank: its number on its machine."""

    rank: int
    local_rank: int
    count: int

    @staticmethod
    def start() -> Processes:
        """Join the group that torchrun's environment variables describe; alone without them."""
        here = Processes(
            rank=int(os.environ.get("RANK", 0)),
            local_rank=int(os.environ.get("LOCAL_RANK", 0)),
            count=int(os.environ.get("WORLD_SIZE", 1)),
        )
        if here.count > 1:
            import torch.distributed

            # Only small Python objects travel, so the CPU back end serves every kind of device.
            torch.distributed.init_process_group("gloo")
        return here

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def share(self, value: Any) -> Any:
        """Rank 0's value, in every process."""
        if self.count == 1:
            return value
        import torch.distributed

        box = [value]
        torch.distributed.broadcast_object_list(box, src=0)
        return box[0]

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, in order of rank, at rank 0; an empty list elsewhere."""
        if self.count == 1:
            return [value]
        import torch.distributed

        box: list[Any] | None = [None] * self.count if self.is_main else None
        torch.distributed.gather_object(value, box, dst=0)
        return box or []

    def stop(self) -> None:
        """Leave the group."""
        if self.count > 1:
            import torch.distributed

            torch.distributed.destroy_process_group()
