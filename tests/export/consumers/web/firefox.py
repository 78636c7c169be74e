"""A headless Firefox, driven by its own Marionette protocol: Playwright drives only a Firefox that it built itself."""

import contextlib
import itertools
import json
import socket
import subprocess
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names an element's reference
PATIENCE = 60  # seconds


class Firefox:
    """Commands of WebDriver, each a JSON array after its length."""

    def __init__(self, stream):
        self._stream = stream
        self._numbers = itertools.count()
        self._read()  # it says who it is
        self("NewSession")

    def __call__(self, command, **arguments):
        """Send a command; return its value."""
        content = json.dumps([0, next(self._numbers), f"WebDriver:{command}", arguments]).encode()
        self._stream.write(b"%d:%s" % (len(content), content))
        self._stream.flush()
        _, _, error, result = self._read()
        assert error is None, error
        return result.get("value")

    def _read(self):
        length = b"".join(iter(lambda: self._stream.read(1), b":"))
        return json.loads(self._stream.read(int(length)))

    def run(self, script, *arguments):
        """What a function's body returns in the page, once it is there if it is a promise."""
        return self("ExecuteScript", script=script, args=arguments)

    def choose_file(self, selector, path):
        found = self("FindElement", using="css selector", value=selector)
        self("ElementSendKeys", id=found[ELEMENT], text=str(path))


@contextlib.contextmanager
def started(program, profile):
    """A Firefox with a profile of its own."""
    (profile / "user.js").write_text('user_pref("marionette.port", 0);\n')
    command = [program, "--headless", "--no-remote", "--marionette", "--profile", profile]
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
