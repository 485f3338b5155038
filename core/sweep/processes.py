"""One process, or several started by `torchrun`: who computes what, and how results come together.

Processes do not keep step. Whoever is free takes the next item, and rank 0 collects the results. A process that dies
takes with it only what it had in hand, and rank 0 computes that again when nothing else is left to do.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from core.cli import run_script
from core.sweep.messages import POLL, Messages

Item = TypeVar("Item")
T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """rank: this process, 0 to count - 1; rank 0 reads and writes files. local_rank: its number on its machine.

    messages: how it reaches the others; None when it is alone.
    """

    rank: int = 0
    local_rank: int = 0
    count: int = 1
    messages: Messages | None = None
    _calls: Iterator[int] = field(default_factory=itertools.count)  # the same call has one number in all processes

    @staticmethod
    def start() -> Processes:
        """Join the group that torchrun's environment variables describe; alone without them."""
        names = ("RANK", 0), ("LOCAL_RANK", 0), ("WORLD_SIZE", 1)
        rank, local_rank, count = (int(os.environ.get(name, default)) for name, default in names)
        if count == 1:
            return Processes(rank, local_rank, count)
        from torch.distributed.rendezvous import rendezvous

        store, _, _ = next(iter(rendezvous("env://")))
        return Processes(rank, local_rank, count, Messages(rank, count, store))

    def leave(self, *, wait: bool) -> None:
        """Leave the group; with `wait` rank 0, which may host the messages, first lets the others leave."""
        if self.messages is None:
            return
        while wait and self.is_main and not all(map(self.messages.gone, range(1, self.count))):
            time.sleep(POLL)
        self.messages.close()

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    def share(self, value: T) -> T:
        """Rank 0's value, in every process; the others wait for it."""
        if self.messages is None:
            return value
        name = f"shared/{next(self._calls)}"
        if not self.is_main:
            return self.messages.get(name)
        self.messages.put(name, value)
        return value

    def results(self, items: Sequence[Item], work: Callable[[Iterable[Item]], Iterator[T]]) -> Iterator[T]:
        """What `work` makes of the items, one result each: all in rank 0, as they come; none in the other processes.

        Every process of the group calls this together, with the same items. The first result is that of the first.

        Args:
            work: takes items one by one, as late as it can, and yields their results in the same order.
        """
        if self.messages is None:
            return work(items)
        queue = _Queue(f"work/{next(self._calls)}", len(items), self.messages)
        if self.is_main:
            return self._collect(items, work, queue)
        for result in work(items[number] for number in queue.numbers()):
            queue.put(result)
        self.messages.put(f"{queue.name}/end/{self.rank}", None)
        return iter(())

    def _collect(
        self, items: Sequence[Item], work: Callable[[Iterable[Item]], Iterator[T]], queue: _Queue
    ) -> Iterator[T]:
        """Rank 0's own results and those of the others, and in the end those that the others owe."""
        assert self.messages is not None
        if not items:
            return
        for result in work(items[number] for number in queue.numbers(first=0)):
            queue.done()
            yield result
            yield from queue.arrived()
        working = set(range(1, self.count))
        yield from queue.arrived()
        while working and queue.open:
            lost = {rank for rank in working if self.messages.gone(rank)}
            working -= {rank for rank in working if self.messages.has(f"{queue.name}/end/{rank}")}
            yield from queue.arrived()
            for rank in lost & working:
                print(f"warning: process {rank} is lost; rank 0 computes what it had in hand", file=sys.stderr)
            working -= lost
            time.sleep(POLL)
        yield from work([items[number] for number in sorted(queue.open)])


class _Queue:
    """Items by their numbers: the next free one, those in hand, and what came of them.

    Args:
        name: under which processes talk about it. total: how many items there are.
    """

    def __init__(self, name: str, total: int, messages: Messages) -> None:
        self.name, self._total, self._messages = name, total, messages
        self._mine: deque[int] = deque()
        self.open = {0} if total else set()  # in rank 0: taken by anyone, without a result so far
        self._known = 1

    def numbers(self, first: int | None = None) -> Iterator[int]:
        """The numbers that this process takes; 0 is kept for rank 0."""
        if first is not None:
            self._mine.append(first)
            yield first
        while (number := self._messages.count(f"{self.name}/taken", 1)) < self._total:
            self._mine.append(number)
            yield number

    def put(self, result: object) -> None:
        """Send the result of the first number in hand to rank 0."""
        self._messages.put(f"{self.name}/{self._mine.popleft()}", result)

    def done(self) -> None:
        """The first number in hand has its result, here in rank 0."""
        self._look()
        self.open.remove(self._mine.popleft())

    def arrived(self) -> Iterator:
        """Results of others that were not here before."""
        self._look()
        for number in sorted(self.open - set(self._mine)):
            if self._messages.has(name := f"{self.name}/{number}"):
                self.open.remove(number)
                yield self._messages.take(name)

    def _look(self) -> None:
        """Note which numbers have been taken."""
        taken = min(self._messages.count(f"{self.name}/taken") + 1, self._total)
        self.open.update(range(self._known, taken))
        self._known = max(self._known, taken)


def run_together(work: Callable[[Processes], str], stopped: str) -> int:
    """`run_script` in every process of the group."""
    processes = Processes.start()
    status = 2
    try:
        status = run_script(lambda: work(processes), stopped)
    finally:
        processes.leave(wait=status == 0)
    return status
