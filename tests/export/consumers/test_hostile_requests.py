"""The page's server among clients that mean harm, hang about or go away."""

import contextlib
import socket
import subprocess
import sys

import numpy as np
import pytest

SERVER = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]),) * 2)
from keras_vae.export.consumers import explore
explore.IDLE = 2
explore.serve(sys.argv[1], open_browser=False)
"""


@contextlib.contextmanager
def started(bundle, descriptors=1024):
    """A server in a process of its own; give its port and its process. It must have nothing to say."""
    command = [sys.executable, "-c", SERVER, bundle, str(descriptors)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0]), process
        finally:
            process.kill()
        out, err = process.communicate(timeout=20)
        assert (out, err) == ("", "")


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "large").write_bytes(bytes(30_000_000))
    return tmp_path


def ask(port, request, timeout=10):
    """Send bytes; return all that comes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        with contextlib.suppress(OSError):  # it may have closed before it read everything
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
        return answer


def request(path=b"/manifest.json", host=b"localhost", method=b"GET", more=b""):
    return method + b" " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n" + more + b"\r\n"


GOOD = request()
HOSTILE = [
    request(b"/%ff%fe"),
    request(b"/" + b"a" * 60_000),
    request(b"/" + b"%2e%2e/" * 100 + b"etc/passwd"),
    request(b"/\xff\xfe"),
    request(b"*"),
    request(b"http://evil.example/manifest.json", host=b"evil.example"),
    request(host=b"evil.example"),
    request(host=b""),
    request(method=b"POST", more=b"Content-Length: 99999999999\r\n"),
    request(method=b"POST", more=b"Content-Length: -1\r\n"),
    request(method=b"POST", more=b"Transfer-Encoding: chunked\r\n") + b"ffffffffff\r\n",
    request(more=b"A: " + b"b" * 300_000 + b"\r\n"),
    request(more=b"Broken\r\n"),
    b"GET /manifest.json HTTP/1.0\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\0" * 1000,
    b"\r\n" * 1000,
    b"GET",
    b"",
]


def good(port):
    answer = ask(port, GOOD)
    return answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"{}")


def test_two_thousand_hostile_requests_are_answered_or_dropped_in_silence(bundle):
    rng = np.random.default_rng(0)
    with started(bundle) as (port, process):
        for i in range(2000):
            content = bytearray(HOSTILE[i % len(HOSTILE)])
            if i >= len(HOSTILE) and content:  # once as it stands, then with bytes changed
                for place in rng.integers(len(content), size=3):
                    content[place] = rng.integers(256)
            answer = ask(port, bytes(content))
            assert b"Traceback" not in answer
            assert b"root:" not in answer
            if i < len(HOSTILE):
                assert not answer.startswith(b"HTTP/1.1 200"), HOSTILE[i][:99]
        assert good(port)
        assert process.poll() is None


def test_clients_that_go_away_in_the_middle_are_no_news(bundle):
    with started(bundle) as (port, _):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall(request(b"/large"))
                connection.recv(1000)
                # closing with bytes unread resets the connection
        assert good(port)


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_idle_and_slow_clients_hold_no_threads_and_are_given_up(bundle):
    with started(bundle) as (port, process), contextlib.ExitStack() as stack:
        # and the good one
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)) for _ in range(499)]
        for connection in idle[::2]:
            connection.sendall(b"GET /manifest")
        idle[0].sendall(b".json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle[0].recv(12) == b"HTTP/1.1 200"
        assert good(port)
        with open(f"/proc/{process.pid}/status") as status:
            (threads,) = (int(line.split()[1]) for line in status if line.startswith("Threads:"))
        assert threads < 10
        assert idle[1].recv(1) == b""  # closed by the server


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_with_few_descriptors_it_waits_for_one_rather_than_spin(bundle):
    with started(bundle, descriptors=64) as (port, process), contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
        with open(f"/proc/{process.pid}/stat") as stat:
            before = sum(map(int, stat.read().rsplit(")")[1].split()[11:13]))
        assert ask(port, GOOD, timeout=60).startswith(b"HTTP/1.1 200")  # once those before it are given up
        with open(f"/proc/{process.pid}/stat") as stat:
            ticks = sum(map(int, stat.read().rsplit(")")[1].split()[11:13])) - before
        assert ticks < 200  # two seconds of the processor's
