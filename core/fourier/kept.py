"""Results kept for as long as the maps that they were computed from: a visitor's map leaves nothing behind."""

from __future__ import annotations

import functools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def kept_with_its_maps(max_entries: int) -> Callable[[Function], Function]:
    """Cache results like `functools.lru_cache`, but hold arguments weakly and drop their results along with them.

    For functions of objects that are compared by identity and never change, such as `Heatmap`, and of plain numbers,
    which may be named.
    """

    def decorate(function: Function) -> Function:
        kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        lock = threading.RLock()  # collecting garbage calls `forget` in whatever thread it likes, this one too

        def forget(gone: weakref.ref[Any]) -> None:
            with lock:
                for key in [key for key in kept if any(part is gone for part in key)]:
                    del kept[key]

        @functools.wraps(function)
        def get(*arguments: Any, **named: int | float) -> Any:
            parts = (one if isinstance(one, int | float) else weakref.ref(one, forget) for one in arguments)
            key = (*parts, *sorted(named.items()))
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            result = function(*arguments, **named)
            with lock:
                kept[key] = result
                while len(kept) > max_entries:
                    kept.popitem(last=False)
            return result

        return get  # type: ignore[return-value]

    return decorate
