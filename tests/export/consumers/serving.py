"""The page's server, running."""

import contextlib
import threading


@contextlib.contextmanager
def serving(server):
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):  # the server may have closed before it is woken
            server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
        thread.join(20)
        server.task_dispatcher.shutdown()
