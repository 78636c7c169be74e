"""A folder's page, served and opened."""

import contextlib
import functools
import http.server
import os
import threading

from keras_vae.export.consumers.explore import HOST, make_server

from ..serving import serving

ELSEWHERE = "bundle.test"  # a name for this machine that browsers do not take for a secure one
PATIENCE = 20_000  # milliseconds: a busy machine takes a while to start a runtime


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def end_headers(self):
        # As servers do that know .gz for a packing of the wire.
        if self.path.endswith(".gz"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()


@contextlib.contextmanager
def served_plainly(path, port=0):
    """Serve a bundle with its own page by a server that is not ours, at a free port if none is given; give the port."""
    handler = functools.partial(QuietHandler, directory=os.fspath(path))
    with http.server.ThreadingHTTPServer((HOST, port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def open_page(stack, browser, path, host=HOST, **options):
    """Serve a folder and open its page, noting what it asks for and what it complains of, until the stack ends."""
    if host == HOST:
        port = stack.enter_context(serving(make_server(path))).effective_port
    else:
        port = stack.enter_context(served_plainly(path))  # our own server answers to no other name
    context = browser.new_context(**options)
    stack.callback(context.close)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.origin = f"http://{host}:{port}"
    page.goto(f"{page.origin}/web/")
    return page


def settle(page, expect):
    page.evaluate("async () => { await kerasVae.ready; }")
    expect(page.locator("#checks")).to_contain_text("match their SHA-256")
