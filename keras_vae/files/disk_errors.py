"""Why something could not be written, in one line."""

from __future__ import annotations

import errno
import os
import shutil

_FULL = os.strerror(errno.ENOSPC)


def could_not_write(what: object, error: Exception, mend: str) -> OSError:
    """Return an error that says what could not be written, why, and what to do; `errno` is that of the error, if known.

    Args:
        what: could not be written, such as a path.
        error: an OSError, that of a copied folder, or TensorFlow's.
        mend: what to do, in a clause.

    Example:
        >>> error = could_not_write("runs/digits", OSError(errno.ENOSPC, "No space left on device"), "make room")
        >>> str(error), error.errno == errno.ENOSPC
        ('could not write runs/digits: the disk is full; make room', True)
        >>> print(could_not_write("b", OSError("No usable temporary directory found in ['/tmp']"), "make room"))
        could not write b: No usable temporary directory found in ['/tmp']; set TMPDIR to a folder that can be written
    """
    is_full = getattr(error, "errno", None) == errno.ENOSPC or _FULL in str(error)
    if is_full:
        reason = "the disk is full"
    elif isinstance(error, shutil.Error):  # a list of (source, target, reason)
        reason = error.args[0][0][-1]
    else:
        reason = str(error).partition("\n")[0] or type(error).__name__
    if "usable temporary directory" in reason:  # as `tempfile` says
        mend = "set TMPDIR to a folder that can be written"
    told = OSError(f"could not write {what}: {reason}; {mend}")
    told.errno = errno.ENOSPC if is_full else getattr(error, "errno", None)
    return told
