"""A folder's page, served and opened."""

import contextlib
import threading

from keras_vae.export.consumers.explore import make_server

ELSEWHERE = "bundle.test"  # a name for this machine that browsers do not take for a secure one


@contextlib.contextmanager
def serving(server):
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def open_page(stack, browser, path, host="127.0.0.1", **options):
    """Serve a folder and open its page, noting what it asks for and what it complains of, until the stack ends."""
    server = stack.enter_context(serving(make_server(path)))
    context = browser.new_context(**options)
    stack.callback(context.close)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.origin = f"http://{host}:{server.server_address[1]}"
    page.goto(f"{page.origin}/web/")
    return page


def settle(page, expect):
    page.evaluate("async () => { await kerasVae.ready; }")
    expect(page.locator("#checks")).to_contain_text("agree with their SHA-256")
