"""What exists and is neither a file nor a folder of ours is never replaced, whoever writes."""

import os
import re
import socket
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

import keras_vae
from keras_vae.command_line.application import main
from keras_vae.files.one_writer import one_writer
from keras_vae.files.places import check_folder_place, kind_of
from keras_vae.files.written_whole import write_json
from keras_vae.pictures.grid import save_png
from keras_vae.presets.weights import write_weights
from keras_vae.runs.run_folder import check_free, save_model

PICTURE = np.zeros([2, 2], np.uint8)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(".", os.O_RDONLY)
        try:
            os.chdir(path.parent)  # a socket's path must be short
            made.bind(path.name)
        finally:
            os.fchdir(here)
            os.close(here)


def make_device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("this user may make no devices")


MAKERS = {"a named pipe": os.mkfifo, "a socket": make_socket, "a device": make_device}


@pytest.fixture(params=MAKERS)
def in_the_way(request, tmp_path):
    """Make something that no output may take the place of; check at the end that it is still there."""
    made = []

    def make(name):
        path = tmp_path / name
        MAKERS[request.param](path)
        made.append((path, path.lstat()))
        return path, request.param

    yield make
    for path, before in made:
        assert os.path.samestat(path.lstat(), before)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path, _ in made}


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.png", lambda path: save_png(PICTURE, path)),
        ("a.json", lambda path: write_json({}, path)),
        ("a.npz", lambda path: write_weights([PICTURE], path)),
        ("run", lambda path: check_free(path, overwrite=True)),
        ("run", lambda path: check_free(path / "below", overwrite=True)),
        ("run.unfinished", lambda path: check_free(path.with_name("run"), overwrite=True)),
        ("run", lambda path: one_writer("output", path).__enter__()),
    ],
)
def test_every_writer_refuses(in_the_way, name, write):
    path, kind = in_the_way(name)
    with pytest.raises(ValueError, match=re.escape(f"{path} is {kind}: expected a f")):
        write(path)


def test_a_model_and_a_bundle_neither(in_the_way, make_vae):
    from keras_vae.export import export_bundle

    model = make_vae()
    for name, write in (("m.keras", save_model), ("bundle", export_bundle)):
        path, kind = in_the_way(name)
        with pytest.raises(ValueError, match=f"is {kind}: expected"):
            write(model, path)


@pytest.mark.parametrize("callback", [keras_vae.Checkpoint, keras_vae.callbacks.TensorBoardSamples])
def test_callbacks_refuse_before_the_first_step(in_the_way, make_vae, callback):
    path, kind = in_the_way("folder")
    model = make_vae()
    model.compile("adam", jit_compile=False)
    for folder in (path, path / "below"):
        with pytest.raises(ValueError, match=f"folder .* is {kind}: expected a folder"):
            model.fit(np.zeros([4, 8, 8, 1], "float32"), verbose=0, callbacks=[callback(folder)])
    assert model.step == 0


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("run", ["train", "--overwrite", "--output", "run"]),
        ("run", ["train", "--output", "run/below"]),
        ("run.unfinished", ["train", "--overwrite", "--output", "run"]),
        ("bundle", ["export", "--preset", "mnist_conv_mixture", "--output", "bundle"]),
        ("a.png", ["generate", "--preset", "mnist_conv_mixture", "--output", "a.png"]),
        ("a.json", ["benchmark", "{}", "--output", "a"]),
        ("a.png", ["benchmark", "{}", "--output", "a"]),
    ],
)
def test_every_command_refuses_at_its_start(in_the_way, name, arguments, tmp_path_factory, monkeypatch, capsys):
    path, kind = in_the_way(name)
    monkeypatch.chdir(path.parent)
    with pytest.raises(SystemExit) as ended:
        main([argument.format(tmp_path_factory.mktemp("elsewhere")) for argument in arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert f"{name} is {kind}: expected a f" in error
    assert error.count("\n") == 1


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "a.json", tmp_path / "link.json"
    link.symlink_to(target)
    for content in ({"a": 1}, {"a": 2}):
        write_json(content, link)
        assert link.is_symlink()
        assert target.read_text() == f'{{\n  "a": {content["a"]}\n}}\n'
    assert kind_of(link) == "a file"


def test_kinds(tmp_path):
    assert kind_of(tmp_path) == "a folder"
    assert kind_of(tmp_path / "nothing") is None
    (tmp_path / "file").write_text("")
    assert kind_of(tmp_path / "file" / "below") is None
    (tmp_path / "loose").symlink_to(Path("nowhere"))
    assert kind_of(tmp_path / "loose") is None


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-8", b"\xff"), ("ascii", "그림".encode()), ("euc_kr", "그림".encode("euc_kr"))]
)
def test_a_folder_is_named_in_utf_8_as_tensorflow_reads_it(encoding, name, tmp_path, monkeypatch):
    path = tmp_path / name.decode(encoding, "surrogateescape")
    monkeypatch.setattr(os, "fsencode", lambda path: os.fspath(path).encode(encoding, "surrogateescape"))
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: encoding)
    with pytest.raises(ValueError, match=f"but in {encoding}: expected one; set PYTHONUTF8=1"):
        check_folder_place("output", path)
    check_folder_place("output", tmp_path / "pictures")


def test_a_folder_may_have_any_name_in_utf_8(tmp_path):
    check_folder_place("output", tmp_path / "그림")
