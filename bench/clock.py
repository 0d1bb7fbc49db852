"""Makes a whole process live faster: its sleeps, timeouts and clocks, and nothing of its code.

Client programs under measurement are run by `python -m bench.hastened`, which calls `hasten` before it
imports them. So a platform's real limits (fifty a minute) and each client's own waits (Retry-After in
whole seconds, back-off, timeouts) keep their real numbers, and an hour of them is over in a minute. Work of
the processor is NOT made faster: at sixty to one, a millisecond of it costs sixty. That is why a block in
which a client or a stub uses over half a core counts as invalid.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable


def hasten(speed: float, epoch: float) -> None:
    """Let every clock of this process run `speed` times as fast from the real instant `epoch` on.

    Every process given the same `epoch` (seconds as of `time.time()`) shows the same time of day.
    To be called before anything that reads a clock is imported.
    """
    if speed == 1.0:
        return
    time.time = _faster(time.time, speed, epoch)
    time.monotonic = _faster(time.monotonic, speed, time.monotonic())
    time.perf_counter = _faster(time.perf_counter, speed, time.perf_counter())
    really_sleep = time.sleep

    def sleep(seconds: float, /) -> None:
        really_sleep(float(seconds) / speed)

    replaced: tuple[tuple[object, str, object], ...]
    replaced = ((time, "sleep", sleep), (selectors, "DefaultSelector", _selector(speed)))
    for module, name, faster in replaced:
        setattr(module, name, faster)


def _faster(clock: Callable[[], float], speed: float, start: float) -> Callable[[], float]:
    return lambda: start + (clock() - start) * speed


def _selector(speed: float) -> type[selectors.EpollSelector]:
    class Hastened(selectors.EpollSelector):
        """Waits for a fraction of what it is asked to."""

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            return super().select(timeout / speed if timeout and timeout > 0 else timeout)

    return Hastened


def calibrate() -> float:
    """Give the seconds a fixed piece of plain work takes now; the best of thirty: pauses do not count."""
    return min(_once() for _ in range(30))


def _once() -> float:
    start = time.process_time()
    total = 0
    for number in range(50_000):
        total += number * number % 7
    return time.process_time() - start
