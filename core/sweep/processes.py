"""Distribution of work over the processes of `torchrun`; rank 0 gets all results.

Only results are sent, over torch.distributed's gloo, on CPUs and GPUs alike. If one process is lost, the others
end as well.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any, TypeVar

from core.shared.cli import run_script

Item = TypeVar("Item")
T = TypeVar("T")
GATHER_SECONDS = 1.0
POLL = 0.05  # seconds between checks while waiting
# Timeout for a slow process. A lost one is noticed immediately, as its connections close.
PATIENCE = timedelta(days=7)


@dataclass(frozen=True)
class Processes:
    """Process group. rank: of this process, 0 to count - 1; 0 reads and writes files. local_rank: on its machine."""

    rank: int = 0
    local_rank: int = 0
    count: int = 1

    @staticmethod
    @contextmanager
    def join_group() -> Iterator[Processes]:
        """Join the group of torchrun's environment variables, or form a group of one."""
        names = ("RANK", 0), ("LOCAL_RANK", 0), ("WORLD_SIZE", 1)
        processes = Processes(*(int(os.environ.get(name, default)) for name, default in names))
        if processes.count == 1:
            yield processes
            return
        from torch.distributed import PrefixStore, barrier, destroy_process_group, init_process_group
        from torch.distributed.rendezvous import rendezvous

        store, rank, count = next(iter(rendezvous("env://")))
        with _nothing_lost():
            store = PrefixStore(_group_name(rank, count, store), store)
            init_process_group("gloo", store=store, rank=rank, world_size=count, timeout=PATIENCE)
        try:
            yield processes
            with suppress(RuntimeError):
                barrier()  # no process may close a connection in use
        finally:
            destroy_process_group()

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def broadcast(self, value: T) -> T:
        """Return rank 0's value in every process; the others wait for it."""
        if self.count > 1:
            from torch.distributed import broadcast_object_list

            box = [value]
            with _nothing_lost():
                broadcast_object_list(box)
            (value,) = box
        return value

    def gather(
        self,
        items: Sequence[Item],
        work: Callable[[Sequence[Item]], Iterator[T]],
        costs: Iterable[float] | None = None,
    ) -> Iterator[T]:
        """Yield the results of `work`, one per item: all in rank 0, none in the other processes.

        All processes of the group iterate over this with the same items. The first result is that of the first item.

        Args:
            work: yields the items' results in order.
            costs: of the items, for load balancing; equal if None.
        Raises:
            RuntimeError: while iterating, if another process has ended.
        """
        if self.count == 1:
            yield from work(items)
            return
        from torch.distributed import all_gather_object

        shares = share_out(items, [1.0] * len(items) if costs is None else costs, self.count)
        own_results = work(shares[self.rank])
        while True:
            gathered: list[list[T]] = [[] for _ in range(self.count)]
            fresh = list(_within_seconds(GATHER_SECONDS, own_results))
            with _nothing_lost():
                all_gather_object(gathered, fresh)
            if not any(gathered):  # a process with work left has done some
                return
            if self.is_main:
                yield from chain(*gathered)


def _group_name(rank: int, count: int, store: Any) -> str:
    """Return a name shared by the processes of this start only: torchrun's store outlives a restart (seen to hang).

    Each process publishes a random word; rank 0 repeats the words it has read until all have found theirs. Its own word
    is the name.
    """
    own_word = uuid.uuid4().hex
    store.set(f"word/{rank}", own_word)
    everyone = range(count)
    while True:
        if rank == 0 and store.check([f"word/{process}" for process in everyone]):
            store.set("words", " ".join(store.get(f"word/{process}").decode() for process in everyone))
        repeated = store.get("words").decode().split() if store.check(["words"]) else []
        # Otherwise they are from an earlier start, or incomplete.
        if rank < len(repeated) and repeated[rank] == own_word:
            store.set(f"{repeated[0]}/found/{rank}", "")
            if rank > 0 or store.check([f"{own_word}/found/{process}" for process in everyone]):
                return repeated[0]
        time.sleep(POLL)  # not inside the store, where signals are not handled


def share_out(items: Sequence[Item], costs: Iterable[float], count: int) -> list[list[Item]]:
    """Assign each item in turn to the process with the least work so far; return the items of `count` processes."""
    shares: list[list[Item]] = [[] for _ in range(count)]
    load = [0.0] * count
    for item, cost in zip(items, costs, strict=True):
        least = load.index(min(load))
        load[least] += cost
        shares[least].append(item)
    return shares


def _within_seconds(seconds: float, results: Iterator[T]) -> Iterator[T]:
    """Yield results, at least one, until the time is up."""
    end = time.monotonic() + seconds
    for result in results:
        yield result
        if time.monotonic() >= end:
            return


@contextmanager
def _nothing_lost() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise RuntimeError(
            "another process of this run has ended; finished rows are saved, run the same command again to resume, "
            "with any number of processes"
        ) from error


def run_together(work: Callable[[Processes], str], stopped: str) -> int:
    """Run `run_script` in every process of the group."""

    def run() -> str:
        with Processes.join_group() as processes:
            return work(processes)

    return run_script(run, stopped)
