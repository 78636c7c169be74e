"""Progress of long work, on a terminal as a bar and elsewhere as a few lines."""

from __future__ import annotations

import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def bar(console: Console) -> Progress:
    """Return a rich progress display: what, a bar, how far, how long still."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=console,
    )


class EpochProgress(keras.callbacks.Callback):
    """One bar for a whole training; without a terminal about ten lines, as the first says, with the minutes to go.

    Args:
        console: where to print.
        epochs: how many there will be.
    """

    def __init__(self, console: Console, epochs: int) -> None:
        super().__init__()
        self.console = console
        self.epochs = epochs
        self._bar = bar(console)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Show the bar."""
        steps = self.params.get("steps") or 1
        self._task = self._bar.add_task("training", total=self.epochs * steps, figures="")
        self._steps = steps
        self._first: tuple[float, int] | None = None
        self._lines = 0
        if self.console.is_terminal:
            self._bar.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Move the bar."""
        completed = self._epoch * self._steps + batch + 1
        self._first = self._first or (time.monotonic(), completed)  # what comes before it is mostly tracing
        self._bar.update(self._task, completed=completed)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Show the losses."""
        logs = logs or {}
        figures = f"loss {logs['loss']:.2f}" + (
            f", test {logs['val_loss']:.2f} nats" if "val_loss" in logs else " nats"
        )
        self._bar.update(self._task, completed=(epoch + 1) * self._steps, figures=figures)
        due = max(1, self.epochs // 10)
        if not self.console.is_terminal and ((epoch + 1) % due == 0 or not self._lines):
            more = "" if self._lines or due == 1 else f"; a line follows every {due} epochs"
            self.console.print(f"epoch {epoch + 1}/{self.epochs}: {figures}{more}{self._remaining(epoch)}")
            self._lines += 1

    def _remaining(self, epoch: int) -> str:
        """Return, in the first line, how long the other epochs may take, if that is minutes."""
        if self._first is None or self._lines:
            return ""
        began, before = self._first
        done = (epoch + 1) * self._steps
        seconds = (time.monotonic() - began) / max(1, done - before) * (self.epochs * self._steps - done)
        if done == before or seconds < 90:
            return ""
        return f"; about {round(seconds / 60)} minutes to go, fewer with a smaller --epochs"

    def close(self) -> None:
        """Leave the terminal as it was, whether training ended well or not."""
        self._bar.stop()
