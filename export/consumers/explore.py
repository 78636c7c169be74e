"""Serve a bundle and the page that explores it to the browser of this machine."""

from __future__ import annotations

import functools
import http.server
import os
import posixpath
import urllib.parse
import webbrowser
from pathlib import Path
from typing import BinaryIO

PAGE = Path(__file__).with_name("web")
HOST = "127.0.0.1"

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
}


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
    with make_server(bundle, port) as server:
        print(f"{address(server)} shows {bundle}; end with Ctrl-C", flush=True)
        if open_browser:
            webbrowser.open(address(server))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def make_server(bundle: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server that listens and waits for its `serve_forever` to be called; arguments and errors of `serve`.

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
        handler = functools.partial(_Handler, directory=os.fspath(bundle.resolve()))
        return http.server.ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise OSError(
            f"port {port} cannot be used ({error.strerror}): expected a free one; choose another, or 0 for a free one"
        ) from error


def address(server: http.server.HTTPServer) -> str:
    """Return the page's URL."""
    return f"http://{HOST}:{server.server_address[1]}/web/"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the bundle and of the page: no folders' contents, nothing outside, nothing cached."""

    extensions_map = TYPES

    def send_head(self) -> BinaryIO | None:
        path = urllib.parse.urlsplit(self.path).path
        if path in ("/", "/web"):
            self.send_response(302)
            self.send_header("Location", "/web/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return super().send_head()

    def translate_path(self, path: str) -> str:
        """Return the file that a URL means, or a name that is none."""
        path = urllib.parse.unquote(urllib.parse.urlsplit(path).path, errors="surrogatepass")
        parts = posixpath.normpath(path).strip("/").split("/")
        root = Path(self.directory)
        if parts[0] == "web":
            root, parts = PAGE.resolve(), parts[1:] or ["index.html"]
        nowhere = os.path.join(self.directory, "manifest.json", "is no folder")
        if any(part in ("", ".", "..") or "\0" in part or "\\" in part or ":" in part for part in parts):
            return nowhere
        # Links may lead out of the folder.
        file = root.joinpath(*parts).resolve()
        return os.fspath(file) if file.is_relative_to(root) and file.is_file() else nowhere

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of what went well; the base class still reports errors."""
