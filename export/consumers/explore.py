"""Serve a bundle and the page that explores it to the browser of this machine."""

from __future__ import annotations

import logging
import os
import posixpath
import socket
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waitress.server import TcpWSGIServer, create_server

PAGE = Path(__file__).with_name("web")
HOST = "127.0.0.1"
# Another name would be a page from elsewhere that had its own name point to this machine.
NAMES = (HOST, "localhost")

# The system's table of types may lack these or have them wrong, and browsers refuse a script of another type.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
IDLE = 20  # seconds without a byte after which a client is given up


def serve(bundle: Path, port: int = 0, open_browser: bool = True) -> None:
    """Serve the page until interrupted (Ctrl-C), to this machine alone.

    Args:
        bundle: the bundle's folder.
        port: where to listen, from 1 to 65535; 0 (the default) takes a free one.
        open_browser: show the page in the browser.

    Raises:
        ValueError: a folder that is no bundle, or a port out of range.
        OSError: a port that is taken.
    """
    server = make_server(bundle, port)
    print(f"{address(server)} shows {bundle}; end with Ctrl-C", flush=True)
    if open_browser:
        webbrowser.open(address(server))
    server.run()  # until Ctrl-C
    server.close()
    print()


def make_server(bundle: Path, port: int = 0) -> TcpWSGIServer:
    """Return a server that listens and waits for its `run` to be called; arguments and errors of `serve`.

    The page is this package's, whatever page the bundle carries: it is known to send nothing anywhere.

    Example:
        >>> make_server("no/such/folder")
        Traceback (most recent call last):
        ValueError: no/such/folder has no manifest.json: expected a bundle; write one with keras-vae export
    """
    bundle = Path(bundle)
    if not (bundle / "manifest.json").is_file():
        raise ValueError(f"{bundle} has no manifest.json: expected a bundle; write one with keras-vae export")
    if not 0 <= port <= 65535:
        raise ValueError(f"port is {port}: expected 1 to 65535, or 0 for a free one")
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        raise OSError(
            f"port {port} cannot be used ({error.strerror}): expected a free one; choose another, or 0 for a free one"
        ) from error
    logging.getLogger("waitress").setLevel(logging.ERROR)  # clients that come in crowds and go are no news
    return create_server(  # pyright: ignore[reportReturnType]  a server of one socket
        _files_of(bundle.resolve()),
        sockets=[listening],
        ident=None,
        connection_limit=_most_connections(),
        channel_timeout=IDLE,
        cleanup_interval=IDLE // 4,
        max_request_body_size=1,
        log_socket_errors=False,
        asyncore_use_poll=True,
    )


def address(server: TcpWSGIServer) -> str:
    """Return the page's URL."""
    return f"http://{HOST}:{server.socket.getsockname()[1]}/web/"


def _most_connections() -> int:
    """As many as there are descriptors for, two each: without one the server could not even refuse a client."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return 500
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 500 if descriptors == resource.RLIM_INFINITY else min(500, (descriptors - 16) // 2)


def _files_of(bundle: Path) -> WSGIApplication:
    """Serve files of the bundle and of the page: no folders' contents, nothing outside, nothing cached."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def answer(status: str, *headers: tuple[str, str], content: Iterable[bytes] = ()) -> Iterable[bytes]:
            start_response(status, [*headers, ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")])
            return content

        if environ.get("HTTP_HOST", "").partition(":")[0].lower() not in NAMES:
            return answer("421 Misdirected Request", ("Content-Length", "0"))
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return answer("405 Method Not Allowed", ("Allow", "GET, HEAD"), ("Content-Length", "0"))
        if environ["PATH_INFO"] in ("/", "/web"):
            return answer("302 Found", ("Location", "/web/"), ("Content-Length", "0"))
        try:
            path = _file(bundle, environ["PATH_INFO"].encode("latin-1").decode("utf-8"))
            file = path.open("rb")
        except (OSError, ValueError):  # no such file, a name that the system cannot have, or no name at all
            return answer("404 Not Found", ("Content-Length", "0"))
        kind = TYPES.get(path.suffix.lower(), "application/octet-stream")
        about = ("Content-Type", kind), ("Content-Length", str(os.fstat(file.fileno()).st_size))
        if environ["REQUEST_METHOD"] == "HEAD":
            file.close()
            return answer("200 OK", *about)
        return answer("200 OK", *about, content=environ["wsgi.file_wrapper"](file))

    return application


def _file(bundle: Path, path: str) -> Path:
    """Return the file that a URL's path means.

    Raises:
        OSError: there is none.
    """
    parts = posixpath.normpath(path).strip("/").split("/")
    root = bundle
    if parts[0] == "web":
        root, parts = PAGE.resolve(), parts[1:] or ["index.html"]
    # Links may lead out of the folder.
    file = root.joinpath(*parts).resolve()
    named = not any(part in ("", ".", "..") or "\0" in part or "\\" in part or ":" in part for part in parts)
    if not (named and file.is_relative_to(root) and file.is_file()):
        raise FileNotFoundError(path)
    return file
