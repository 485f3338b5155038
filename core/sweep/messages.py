"""How the processes of a group tell each other things: torch's key-value store, which torchrun or rank 0 hosts."""

from __future__ import annotations

import pickle
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

BEAT = 1.0  # seconds between two signs of life
SILENCE = 30.0  # seconds without one after which a process counts as lost
POLL = 0.05  # seconds between two looks at what is waited for
PIECE = 4 << 20  # bytes; the store takes at most 8 MB under one key


class Messages:
    """The store, as one process sees it, and the signs of life that this process leaves there.

    Waits until all processes are there.

    Args:
        rank: this process, of `count`. store: a `torch.distributed.Store`.
    """

    def __init__(self, rank: int, count: int, store: Any) -> None:
        from torch.distributed import PrefixStore

        store = PrefixStore(_group_name(rank, count, store), store)
        self._rank, self._store = rank, store
        self._heard: dict[int, tuple[int, float]] = {}  # rank -> beats, and when they were last more than before
        self._closing = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        with suppress(RuntimeError):  # the store is gone: the process itself finds out
            while not self._closing.wait(BEAT):
                self._store.add(f"beats/{self._rank}", 1)

    def close(self) -> None:
        """Leave the group."""
        self._closing.set()
        self._heart.join()
        with suppress(RuntimeError):
            self._store.set(f"left/{self._rank}", "")

    def gone(self, rank: int) -> bool:
        """Whether another process has left the group or given no sign of life for long."""
        with _reached():
            if self._store.check([f"left/{rank}"]):
                return True
            beats, now = self._store.add(f"beats/{rank}", 0), time.monotonic()
        before, since = self._heard.get(rank, (-1, now))
        self._heard[rank] = beats, since if beats == before else now
        return now - self._heard[rank][1] > SILENCE

    def count(self, name: str, more: int = 0) -> int:
        """A counter that starts at 0, after adding to it; no two processes get the same number from adding 1."""
        with _reached():
            return int(self._store.add(name, more))

    def put(self, name: str, value: object) -> None:
        """Leave a value for others."""
        data = pickle.dumps(value)
        pieces = range(0, len(data), PIECE)
        with _reached():
            for start in pieces:
                self._store.set(f"{name}/{start}", data[start : start + PIECE])
            self._store.set(name, str(len(data)))

    def has(self, name: str) -> bool:
        """Whether a value has been left."""
        with _reached():
            return bool(self._store.check([name]))

    def get(self, name: str) -> Any:
        """A value, waited for if need be."""
        while not self.has(name):
            time.sleep(POLL)  # and not within the store, where no signal would be heard
        with _reached():
            pieces = range(0, int(self._store.get(name)), PIECE)
            return pickle.loads(b"".join(self._store.get(f"{name}/{start}") for start in pieces))

    def take(self, name: str) -> Any:
        """`get`, and nobody needs the value any more."""
        value = self.get(name)
        with _reached():
            for start in range(0, int(self._store.get(name)), PIECE):
                self._store.delete_key(f"{name}/{start}")
            self._store.delete_key(name)
        return value


def _group_name(rank: int, count: int, store: Any) -> str:
    """A name that the processes of this start share, and no earlier ones: torchrun's store outlives a restart.

    Everybody says a word of its own; rank 0 repeats what it heard, until all have found their word in that. Its own
    word is the name.
    """
    mine = uuid.uuid4().hex
    store.set(f"word/{rank}", mine)
    everyone = range(count)
    while True:
        if rank == 0 and store.check([f"word/{one}" for one in everyone]):
            store.set("words", " ".join(store.get(f"word/{one}").decode() for one in everyone))
        words = store.get("words").decode().split() if store.check(["words"]) else []
        if rank < len(words) and words[rank] == mine:  # else they are those of an earlier start, or come too early
            store.set(f"{words[0]}/found/{rank}", "")
            if rank > 0 or store.check([f"{mine}/found/{one}" for one in everyone]):
                return words[0]
        time.sleep(POLL)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise RuntimeError(
            "the first process, which writes the file, has ended; finished cells are saved, run the same command again "
            "to resume, with as many processes as you like"
        ) from error
