"""A headless Firefox, driven by its own Marionette protocol: Playwright drives only a Firefox that it built itself."""

import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import time

from .webdriver import PATIENCE, Browser

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
LACKING = None if PROGRAM else "no Firefox: install Debian's package firefox-esr"


class Firefox(Browser):
    """Commands of WebDriver, each a JSON array after its length."""

    def __init__(self, stream):
        self._stream = stream
        self._numbers = itertools.count()
        self._read()  # it says who it is
        self("NewSession")

    def __call__(self, command, **arguments):
        content = json.dumps([0, next(self._numbers), f"WebDriver:{command}", arguments]).encode()
        self._stream.write(b"%d:%s" % (len(content), content))
        self._stream.flush()
        _, _, error, result = self._read()
        assert error is None, error
        return result.get("value")

    def _read(self):
        length = b"".join(iter(lambda: self._stream.read(1), b":"))
        return json.loads(self._stream.read(int(length)))


@contextlib.contextmanager
def started(profile):
    """A Firefox that keeps its files in an empty folder."""
    (profile / "user.js").write_text('user_pref("marionette.port", 0);\n')
    command = [PROGRAM, "--headless", "--no-remote", "--marionette", "--profile", profile]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            port, until = profile / "MarionetteActivePort", time.monotonic() + PATIENCE
            while not (port.is_file() and port.read_text()) and time.monotonic() < until:
                time.sleep(0.05)
            place = "127.0.0.1", int(port.read_text())
            with socket.create_connection(place, PATIENCE) as connection, connection.makefile("rwb") as stream:
                yield Firefox(stream)
        finally:
            process.terminate()
