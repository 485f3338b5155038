"""A cache whose results live no longer than the maps they were computed from."""

from __future__ import annotations

import functools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def weak_lru_cache(max_entries: int) -> Callable[[Function], Function]:
    """Cache results like `functools.lru_cache`, but hold arguments weakly and drop results with them.

    For functions of immutable objects compared by identity, such as `Heatmap`, and of plain numbers, which may be
    keywords.
    """

    def decorate(function: Function) -> Function:
        cache: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        lock = threading.RLock()  # garbage collection may call `forget` in any thread, including this one

        def forget(gone: weakref.ref[Any]) -> None:
            with lock:
                for key in [key for key in cache if any(part is gone for part in key)]:
                    del cache[key]

        @functools.wraps(function)
        def get(*arguments: Any, **named: int | float) -> Any:
            parts = (
                argument if isinstance(argument, int | float) else weakref.ref(argument, forget)
                for argument in arguments
            )
            key = (*parts, *sorted(named.items()))
            with lock:
                if key in cache:
                    cache.move_to_end(key)
                    return cache[key]
            result = function(*arguments, **named)
            with lock:
                cache[key] = result
                while len(cache) > max_entries:
                    cache.popitem(last=False)
            return result

        return get  # type: ignore[return-value]

    return decorate
