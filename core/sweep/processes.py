"""One process, or several started by `torchrun`: who computes which cells, and how results come together."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from core.cli import run_script

T = TypeVar("T")

# One process may wait long for the work of another; torchrun itself notices when one of them dies.
PATIENCE = timedelta(days=7)


@dataclass(frozen=True)
class Processes:
    """rank: this process, 0 to count - 1; rank 0 reads and writes files. local_rank: its number on its machine."""

    rank: int = 0
    local_rank: int = 0
    count: int = 1

    @staticmethod
    def start() -> Processes:
        """Join the group that torchrun's environment variables describe; alone without them."""
        names = ("RANK", 0), ("LOCAL_RANK", 0), ("WORLD_SIZE", 1)
        here = Processes(*(int(os.environ.get(name, default)) for name, default in names))
        if here.count > 1:
            import torch.distributed

            # Only small Python objects travel, so the CPU back end serves every kind of device.
            torch.distributed.init_process_group("gloo", timeout=PATIENCE)
            atexit.register(torch.distributed.destroy_process_group)
        return here

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def share(self, value: T) -> T:
        """Rank 0's value, in every process; also the point where they wait for each other."""
        if self.count == 1:
            return value
        import torch.distributed

        box = [value]
        torch.distributed.broadcast_object_list(box, src=0)
        return box[0]

    def all_results(self, results: Iterator[T]) -> Iterator[T]:
        """The results of all processes, in every process in the same order."""
        if self.count == 1:
            yield from results
            return
        import torch.distributed

        box: list[T | None] = [None] * self.count
        while True:
            mine = next(results, None)
            try:
                torch.distributed.all_gather_object(box, mine)
            except RuntimeError as error:
                raise RuntimeError(
                    "another process of this group has died; finished cells are saved, run the same command again to "
                    "resume, with as many processes as you like"
                ) from error
            found = [result for result in box if result is not None]
            if not found:
                return
            yield from found


def run_together(work: Callable[[Processes], str], stopped: str) -> int:
    """`run_script` in every process of the group; an error in one of them ends all."""
    processes = Processes.start()
    status = run_script(lambda: work(processes), stopped)
    if status == 2 and processes.count > 1:
        os._exit(status)  # the other processes wait for this one: torchrun ends them
    return status
