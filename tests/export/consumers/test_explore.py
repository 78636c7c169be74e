"""The server of the page: what it sends, what it refuses, and how it ends."""

import http.client
import socket
import threading

import pytest

from keras_vae.command_line.explore import explore
from keras_vae.export.consumers.explore import PAGE, address, make_server

from .serving import serving


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "bundle"
    (folder / "onnx").mkdir(parents=True)
    (folder / "manifest.json").write_text('{"schema_version": 1}')
    (folder / "onnx/decode.onnx").write_bytes(b"onnx")
    (folder / "web").mkdir()
    (folder / "web/index.html").write_text("a page of the bundle's own")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def server(bundle):
    before = threading.active_count()
    with serving(make_server(bundle)) as server:
        yield server
    assert threading.active_count() == before


@pytest.fixture
def get(server):
    """Ask the server for a path as it stands; return the status, the headers and the content."""

    def get(path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=10)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, response.headers, content

    return get


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/web/", "text/html; charset=utf-8"),
        ("/web/index.html", "text/html; charset=utf-8"),
        ("/web/style.css?again", "text/css; charset=utf-8"),
        ("/web/page.js", "text/javascript; charset=utf-8"),
        ("/web/icon.svg", "image/svg+xml"),
        ("/web/runtime/ort.wasm.bundle.min.js", "text/javascript; charset=utf-8"),
        ("/web/runtime/ort-wasm-simd-threaded.wasm.gz", "application/gzip"),
        ("/manifest.json", "application/json"),
        ("/onnx/decode.onnx", "application/octet-stream"),
    ],
)
def test_files_come_whole_with_their_type_and_uncached(get, bundle, path, kind):
    status, headers, content = get(path)
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, kind, "no-store")
    assert "Content-Encoding" not in headers
    name = path.split("?")[0].strip("/")
    file = PAGE / (name.removeprefix("web").strip("/") or "index.html") if name.startswith("web") else bundle / name
    assert content == file.read_bytes()
    assert get(path, "HEAD")[::2] == (200, b"")


def test_the_types_of_files_that_the_page_could_need(get, bundle):
    for name, kind in {"a.mjs": "text/javascript; charset=utf-8", "a.wasm": "application/wasm"}.items():
        (bundle / name).write_bytes(b"")
        assert get(f"/{name}")[1]["Content-Type"] == kind


@pytest.mark.parametrize("path", ["/", "/web"])
def test_the_root_leads_to_the_page(get, path):
    status, headers, _ = get(path)
    assert (status, headers["Location"]) == (302, "/web/")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/onnx/../../secret.txt",
        "/onnx/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/web/../../secret.txt",
        "/web/../explore.py",
        "/web/%2e%2e/explore.py",
        "//etc/passwd",
        "/C:/windows/win.ini",
        "/link.txt",
        "/onnx",
        "/onnx/",
        "/web/runtime/",
        "/nothing",
        "/manifest.json%00",
        "/web/page.js/x",
        "/%ff%fe",
        "/%ed%a0%80",
        f"/{'a' * 5000}",
        f"/{'a/' * 3000}",
        "/web/" + "%00" * 50,
    ],
)
def test_nothing_outside_and_no_list_of_a_folder(get, path):
    status, _, content = get(path)
    assert status == 404
    assert b"secret" not in content
    assert b"decode.onnx" not in content


def test_it_listens_to_this_machine_alone(server):
    assert server.effective_host == "127.0.0.1"
    assert address(server) == f"http://127.0.0.1:{server.effective_port}/web/"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.1:80", "localhost:8000"])
def test_it_answers_to_names_of_this_machine(get, host):
    assert get("/manifest.json", Host=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.1", "",
             "evil.example, localhost", "[::1]", "localhost@evil.example", "\xff"]
)  # fmt: skip
def test_it_answers_to_no_other_name(get, host):
    """A page elsewhere may have its own name point to 127.0.0.1, and would then be allowed to read what comes."""
    status, _, content = get("/manifest.json", Host=host)
    assert (status, content) == (421, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_it_only_gives(get, method):
    status, headers, _ = get("/manifest.json", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_mistakes_are_named(bundle, tmp_path):
    with pytest.raises(ValueError, match=r"nowhere has no manifest\.json: expected a bundle; write one"):
        make_server(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="port is 70000: expected 1 to 65535"):
        make_server(bundle, 70000)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"port {port} cannot be used .*: expected a free one; choose another"):
            make_server(bundle, port)
    with pytest.raises(ValueError, match=r"has no manifest\.json"):
        explore.main([str(bundle / "web"), "--no-browser"], standalone_mode=False)
