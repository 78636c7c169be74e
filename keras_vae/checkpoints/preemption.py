"""SIGTERM, the notice that a machine will be taken away: save, then end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

# What a shell reports for a process that SIGTERM ended.
EXIT_STATUS = 128 + signal.SIGTERM


class Preempted(BaseException):
    """The process was asked to end. No Exception, so that nothing on the way takes it for an error."""


class Preemption:
    """Turns SIGTERM into `Preempted`, at once or, while work is `deferred`, at a moment of its choice.

    Example:
        >>> import os, signal
        >>> with Preemption() as preemption, preemption.deferred():
        ...     os.kill(os.getpid(), signal.SIGTERM)
        ...     print("asked to end:", preemption.asked)
        Traceback (most recent call last):
        ...
        keras_vae.checkpoints.preemption.Preempted: asked to end by SIGTERM
    """

    def __init__(self) -> None:
        self.asked: bool = False
        self._deferred = False
        self._before: Any = None

    def __enter__(self) -> Self:
        # Python lets only the main thread listen to signals; in another, SIGTERM does what it did.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._notice)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if not self._deferred:
            raise Preempted("asked to end by SIGTERM")

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Only set `asked` while the block runs; raise when it ends well without having looked."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        if self.asked:
            raise Preempted("asked to end by SIGTERM")
