"""SIGTERM, the notice that a machine will be taken away, and SIGHUP, that of a lost terminal: save, then end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

NOTICES = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Preempted(BaseException):
    """The process was asked to end. No Exception, so that nothing on the way takes it for an error.

    Args:
        number: the signal that asked.
    """

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(f"asked to end by {signal.Signals(number).name}")
        self.number: int = number

    @property
    def status(self) -> int:
        """What a shell reports for a process that the signal ended."""
        return 128 + self.number


class Preemption:
    """Turns SIGTERM and SIGHUP into `Preempted`, at once or, while work is `deferred`, at a moment of its choice.

    A signal that is ignored, as nohup has it of SIGHUP, stays so.

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
        self.number: int = signal.SIGTERM
        self._deferred = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Python lets only the main thread listen to signals; in another, they do what they did.
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in NOTICES if signal.getsignal(number) not in (signal.SIG_IGN, None)]
            self._before = {number: signal.signal(number, self._notice) for number in heard}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self.asked, self.number = True, number
        if not self._deferred:
            raise Preempted(number)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Only set `asked` while the block runs; raise when it ends well without having looked."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        if self.asked:
            raise Preempted(self.number)
