"""WebKitGTK's MiniBrowser in a display of its own, driven by its WebDriver over HTTP."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import time

from .webdriver import PATIENCE, Browser

HOST = "127.0.0.1"
DRIVER, DISPLAY = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
LACKING = None if DRIVER and DISPLAY else "no WebKit: install Debian's packages webkit2gtk-driver and xvfb"
PATHS = {
    "Navigate": "/url",
    "ExecuteScript": "/execute/sync",
    "FindElement": "/element",
    "ElementSendKeys": "/element/{id}/value",
}


class WebKit(Browser):
    """Commands of WebDriver, each a path below its session's."""

    def __init__(self, port):
        self._port = port
        self._session = "/session/" + self._ask("POST", "/session", {"capabilities": {}})["sessionId"]

    def __call__(self, command, **arguments):
        return self._ask("POST", self._session + PATHS[command].format(**arguments), arguments)

    def close(self):
        self._ask("DELETE", self._session)

    def _ask(self, method, path, content=None):
        with contextlib.closing(http.client.HTTPConnection(HOST, self._port, timeout=PATIENCE)) as connection:
            connection.request(method, path, json.dumps(content))
            answer = connection.getresponse()
            value = json.load(answer)["value"]
        assert answer.status == http.HTTPStatus.OK, value
        return value


@contextlib.contextmanager
def running(command, **options):
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def free_port():
    with socket.create_server((HOST, 0)) as taken:
        return taken.getsockname()[1]


def wait_for(port):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((HOST, port), PATIENCE):
            return
        time.sleep(0.05)


@contextlib.contextmanager
def started(home):
    """A WebKit that keeps its files in an empty folder."""
    port = free_port()  # asked for any, the driver does not tell which it took
    screen = running([DISPLAY, "-displayfd", "1", "-nolisten", "tcp"], stdout=subprocess.PIPE, text=True)
    with screen as display:
        number = display.stdout.readline().strip()
        environment = os.environ | {"DISPLAY": f":{number}", "HOME": str(home)}
        with running([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, env=environment):
            wait_for(port)
            with contextlib.closing(WebKit(port)) as webkit:
                yield webkit
