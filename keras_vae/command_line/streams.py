"""Standard output and error that end no command: closed, broken, full, or of an encoding that lacks a character."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import cast

# Whoever closed or lost the other end does not want more.
_LEFT = (errno.EPIPE, errno.EIO, errno.EBADF)


class Lasting(io.FileIO):
    """A descriptor to write to, which forgets what the other end does not take."""

    error: OSError | None = None

    def write(self, data: bytes) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  of any buffer
        """Write, or note why not; return how many bytes are dealt with."""
        try:
            while (written := super().write(data)) is None:  # set not to wait, as terminals of other programs may be
                select.select([], [self], [])
            return written
        except OSError as error:
            self.error = self.error or error
            return len(data)


def lasting(descriptor: int, like: io.TextIOWrapper | None) -> io.TextIOWrapper:
    """Return a stream of text to a descriptor, in which characters that cannot be encoded appear as escapes.

    Args:
        descriptor: opened to nowhere if it is closed, so that no other file takes its number.
        like: the stream that gives the encoding; None for UTF-8.
    """
    try:
        os.fstat(descriptor)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != descriptor:
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
    return io.TextIOWrapper(
        io.BufferedWriter(Lasting(descriptor, "w", closefd=False)),
        encoding="utf-8" if like is None else like.encoding,
        errors="backslashreplace",
        line_buffering=like is not None and like.line_buffering,
        write_through=like is not None and like.write_through,
    )


def use_lasting() -> None:
    """Let `sys.stdout` and `sys.stderr` be such streams, unless somebody has put others in their place.

    Print to them: `click.echo` writes UTF-8 to a stream that asks for ASCII.
    """
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            if stream is not None:
                stream.flush()
            setattr(sys, name, lasting(descriptor, stream))


def lost_output() -> str | None:
    """Return why standard output did not take all that was printed; None if it did, or nobody wanted more."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    error = cast(Lasting, raw).error if isinstance(raw, Lasting) else None
    return None if error is None or error.errno in _LEFT else error.strerror
