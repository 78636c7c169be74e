"""A hub on this machine: as much of Hugging Face's protocol as fetching and committing files takes."""

import base64
import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub(ThreadingHTTPServer):
    """Repositories by name, each a list of commits, each a dict of files; all of them go into the commit itself.

    The real one has large files sent by a protocol of its own (xet), which is the client's business.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.repositories, self.requests = {}, []

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


def sha_of(commits):
    return hashlib.sha1(str(len(commits)).encode()).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, content=b"", status=200, **headers):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def missing(self):
        self.answer({"error": "Repository not found"}, 404, X_Error_Code="RepoNotFound")

    def route(self):
        self.server.requests.append(f"{self.command} {self.path}")
        return self.path.split("?")[0].strip("/").split("/")

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        match self.route():
            case ["api", "models", user, name, "revision", _]:
                commits = self.server.repositories.get(f"{user}/{name}")
                if commits is None:
                    return self.missing()
                files = [{"rfilename": path} for path in commits[-1]]
                return self.answer({"id": f"{user}/{name}", "sha": sha_of(commits), "siblings": files})
            case ["api", "models", user, name, "tree", _]:
                files = self.server.repositories[f"{user}/{name}"][-1]
                return self.answer(
                    [
                        {"type": "file", "path": path, "size": len(text), "oid": hashlib.sha1(text).hexdigest()}
                        for path, text in files.items()
                    ]
                )
            case [user, name, "resolve", _, path]:
                commits = self.server.repositories[f"{user}/{name}"]
                text = commits[-1][path]
                etag = f'"{hashlib.sha1(text).hexdigest()}"'
                return self.answer(text, ETag=etag, X_Repo_Commit=sha_of(commits))
        return self.answer({"error": "no such page"}, 404)

    def do_POST(self):
        text = self.body()
        match self.route():
            case ["api", "repos", "create"]:
                asked = json.loads(text)
                name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
                status = 409 if name in self.server.repositories else 200
                self.server.repositories.setdefault(name, [{}])
                return self.answer({"url": f"{self.server.url}/{name}"}, status)
            case ["api", "validate-yaml"]:
                assert json.loads(text)["content"].startswith("---\n")
                return self.answer({"errors": [], "warnings": []})
            case ["api", "models", _, _, "preupload", _]:
                files = [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for file in json.loads(text)["files"]
                ]
                return self.answer({"files": files})
            case ["api", "models", user, name, "commit", _]:
                commits = self.server.repositories[f"{user}/{name}"]
                files = dict(commits[-1])
                for line in map(json.loads, text.splitlines()):
                    if line["key"] == "file":
                        files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                commits.append(files)
                url = f"{self.server.url}/{user}/{name}/commit/{sha_of(commits)}"
                return self.answer({"commitUrl": url, "commitOid": sha_of(commits), "success": True})
        return self.answer({"error": "no such page"}, 404)


@contextlib.contextmanager
def running_hub():
    """Serve a hub in a thread."""
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()
