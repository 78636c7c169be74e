"""Standard streams that are closed, broken, full or narrow end no command."""

import io
import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from PIL import Image

from keras_vae.command_line.application import COMMANDS, WRITING, main
from keras_vae.command_line.quiet_start import held_stderr
from keras_vae.command_line.streams import lasting, lost_output, use_lasting
from keras_vae.export.consumers import explore

PROCESS = [sys.executable, "-m", "keras_vae.command_line.application"]
TRAINING = [sys.executable, Path(__file__).with_name("without_compiling.py"), "train"]
needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")


def shell(redirected, *arguments, **environment):
    """Run a command with streams redirected as a shell does; return its status and what is left on the other."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirected}', "sh", *PROCESS, *arguments],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def broken_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize(
    ("redirected", "status", "says"),
    [
        (">&-", 0, b""),
        pytest.param(">/dev/full", 2, b"took only a part of what was printed (No space left", marks=needs_full),
        (">&- 2>&-", 0, b""),
    ],
)
def test_a_page_of_help(redirected, status, says):
    ended, printed = shell(redirected, "--help")
    assert ended == status
    assert says in printed
    assert printed.count(b"\n") == (1 if says else 0)


@pytest.mark.parametrize("redirected", ["2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_a_mistake_keeps_its_status(redirected):
    assert shell(redirected, "train", "--epochs", "0", "--output", "run") == (2, b"")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp949", "utf-8"])
def test_a_path_that_cannot_be_printed_appears_as_escapes(encoding):
    path = b"\xed\x95\x9c\xea\xb5\xad/\xc3\xa9\xff"
    status, printed = shell("", "evaluate", path, PYTHONIOENCODING=encoding)
    assert status == 2
    shown = path.decode(errors="surrogateescape").encode(encoding, "backslashreplace")
    assert printed == b"keras-vae: error: " + shown + (
        b" does not exist: expected the folder of a run; check the path\n"
    )


def test_what_others_put_in_the_place_of_a_stream_stays(capsys):
    before = sys.stdout
    use_lasting()
    assert sys.stdout is before
    assert lost_output() is None


@needs_full
def test_it_tells_what_was_lost_to_a_full_disk_but_not_to_whoever_left(monkeypatch):
    lost = {}
    for name, descriptor in (("full", os.open("/dev/full", os.O_WRONLY)), ("left", broken_pipe())):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", lasting(descriptor, None))
            for _ in range(3):
                print("±" * 10_000, flush=True)
            lost[name] = lost_output()
        os.close(descriptor)
    assert lost == {"full": os.strerror(28), "left": None}


def test_it_waits_for_a_slow_reader_though_it_was_set_not_to(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    monkeypatch.setattr(sys, "stdout", lasting(writing, None))
    read = []
    with open(reading, "rb") as file:
        reader = threading.Thread(target=lambda: read.append(file.read()))
        timer = threading.Timer(0.2, reader.start)
        timer.start()
        print("x" * 10**6)
        assert lost_output() is None
        os.close(writing)
        timer.join()
        reader.join()
    assert read == [b"x" * 10**6 + b"\n"]


def test_a_lost_terminal_is_one_who_left(monkeypatch):
    ours, theirs = pty.openpty()
    monkeypatch.setattr(sys, "stdout", lasting(theirs, None))
    os.close(ours)
    print("nobody reads this", flush=True)
    assert lost_output() is None
    os.close(theirs)


# Each command but `train`, whose own test is below.
LINES = {
    "evaluate": ["RUN", "--importance-samples", "1"],
    "generate": ["RUN", "--count", "4", "--output", "grid.png"],
    "score": ["RUN", "pictures", "--output", "scores.csv"],
    "export": ["RUN", "--for", "microcontroller", "--output", "bundle"],
    "verify": ["RUN", "--fast"],
    "benchmark": ["BUNDLE", "--rounds", "1"],
    "explore": ["RUN"],
}


@pytest.fixture(scope="session")
def bundle(run, made_once):
    """A bundle of few files, to be measured quickly."""
    arguments = ["export", str(run), "--for", "microcontroller", "--output"]
    return made_once("bundle of few files", lambda output: main([*arguments, str(output)]))


@pytest.fixture
def called(run, bundle, tmp_path, monkeypatch):
    """Calls a command in a folder of one picture, its standard output in an encoding; returns its status."""
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    Image.new("L", (8, 8)).save("pictures/à.png")
    monkeypatch.setattr(explore, "serve", lambda *arguments, **options: print("serving à"))

    places = {"RUN": run, "BUNDLE": bundle}

    def call(command, descriptor, encoding):
        with monkeypatch.context() as patch, io.TextIOWrapper(io.BytesIO(), encoding=encoding) as narrow:
            patch.setattr(sys, "stdout", lasting(descriptor, narrow))
            try:
                main([command, *(str(places.get(word, word)) for word in LINES[command])])
            except SystemExit as end:
                return end.code
        return 0

    return call


def test_every_command_is_called_with_such_streams():
    assert {*LINES, "train"} == {*COMMANDS}


@needs_full
@pytest.mark.parametrize("command", LINES)
def test_a_full_standard_output_is_told_in_one_line(called, command, capfd):
    descriptor = os.open("/dev/full", os.O_WRONLY)
    status = called(command, descriptor, "ascii")
    os.close(descriptor)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("keras-vae: ")]
    assert status == (0 if command in WRITING else 2)
    assert len(lines) == 1
    assert "standard output took only a part of what was printed (No space left" in lines[0]


@pytest.mark.parametrize("command", LINES)
def test_who_left_is_told_nothing(called, command, capfd):
    descriptor = broken_pipe()
    assert called(command, descriptor, "cp949") == 0
    os.close(descriptor)
    assert "keras-vae: " not in capfd.readouterr().err
    written = {
        "generate": "grid.png",
        "score": "scores.csv",
        "export": "bundle/manifest.json",
        "benchmark": "benchmark.json",
    }
    if command in written:
        assert Path(written[command]).exists()


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", b"\\xb1"), ("cp949", "±".encode("cp949"))])
def test_figures_that_are_heard_in_an_encoding(called, encoding, shown, tmp_path):
    with open(tmp_path / "printed", "wb") as printed:
        assert called("evaluate", printed.fileno(), encoding) == 0
    (line,) = [line for line in (tmp_path / "printed").read_bytes().splitlines() if b"| nll " in line]
    assert shown in line


IN_TURN = """
import json, sys
from keras_vae.command_line import application
from keras_vae.export.consumers import explore
explore.serve = lambda bundle, *others, **options: print(f"serving {bundle}")
for line in json.loads(sys.argv[1]):
    application.main(line)
assert "tensorflow" not in sys.modules
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp949"])
def test_names_of_another_alphabet_in_the_plain_locale(run, tmp_path, encoding):
    """The commands that need no TensorFlow, with LC_ALL=C, on names that the encoding has (cp949) or lacks."""
    folder = tmp_path / "한국"
    (folder / "그림").mkdir(parents=True)
    Image.new("L", (8, 8)).save(folder / "그림/가à.png")
    (folder / "달리기").symlink_to(run)
    lines = [
        ["generate", "달리기", "--count", "4", "--output", "격자.png"],
        ["score", "달리기", "그림", "--output", "점수.csv"],
        ["verify", "달리기", "--fast"],
        ["explore", "달리기"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN, json.dumps(lines)],
        capture_output=True,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    printed = done.stdout.decode(encoding)
    told = ("4 images of seed 0 in 격자.png", "그림/가à.png", "달리기/bundle is whole", "serving 달리기/bundle")
    for words in told:
        assert words.encode(encoding, "backslashreplace").decode(encoding) in printed
    assert {path.name for path in folder.iterdir()} == {"격자.png", "그림", "달리기", "점수.csv", "점수.png"}
    assert "그림/가à.png" in (folder / "점수.csv").read_text("utf-8")


@pytest.mark.slow
def test_a_training_that_nobody_hears_is_whole(tmp_path):
    """Standard output is a pipe whose reader left, as after `| head -1`, and ASCII; standard error is closed."""
    output = tmp_path / "한국"
    arguments = ["--epochs", "1", "--latent-dim", "2", "--importance-samples", "1", "--no-bundle"]
    pipe = broken_pipe()
    done = subprocess.run(
        ["sh", "-c", '"$@" 2>&-', "sh", *TRAINING, *arguments, "--output", str(output)],
        stdout=pipe,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    os.close(pipe)
    assert done.returncode == 0
    assert json.loads((output / "metrics.json").read_text("utf-8"))["test"]["elbo"] < 0
    assert [path.name for path in tmp_path.iterdir()] == ["한국"]


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files of memory alone")
def test_standard_error_is_held_where_no_temporary_file_can_be(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    with held_stderr():
        os.write(2, b"notes on the machine\n")


def test_what_is_held_appears_with_an_error_that_says_nothing(capfd):
    for error, shown in ((ValueError, ""), (KeyboardInterrupt, ""), (RuntimeError, "notes\n")):
        with pytest.raises(error), held_stderr():
            os.write(2, b"notes\n")
            raise error
        assert capfd.readouterr().err == shown


def test_a_signal_ends_a_command_in_a_line():
    """SIGHUP, unless nohup had it ignored."""
    code = """
import os, signal, sys
from keras_vae.command_line import application, verify
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
application.Commands.get_command = lambda self, context, name: os.kill(os.getpid(), signal.SIGHUP) or verify.verify
application.main(["verify", "nowhere"])
"""
    for before, status, says in (("SIG_DFL", 129, "asked to end by SIGHUP"), ("SIG_IGN", 2, "nowhere is not a folder")):
        done = subprocess.run([sys.executable, "-c", code, before], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert done.stderr.startswith(f"keras-vae: error: {says}")
        assert done.stderr.count("\n") == 1
