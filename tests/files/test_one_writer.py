"""Of the processes that want to write one folder, one does; the others are told when they start."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from keras_vae.command_line.application import main
from keras_vae.files.one_writer import one_writer

HOLD = """
import sys
from pathlib import Path
from keras_vae.files.one_writer import one_writer
with one_writer("output", Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def held_by_another(path):
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """A run folder that another process is writing, an interrupted run beside it."""
    folder = tmp_path_factory.mktemp("held")
    (folder / "run.unfinished" / "checkpoints").mkdir(parents=True)
    (folder / "run.unfinished" / "checkpoints" / "step-000000012.checkpoint").write_text("")
    with held_by_another(folder / "run"):
        yield folder / "run"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--output"],
        ["train", "--resume", "--output"],
        ["train", "--overwrite", "--output"],
        ["export", "--preset", "mnist_conv_mixture", "--output"],
    ],
)
def test_the_others_are_told_in_a_line(held, arguments, capsys, monkeypatch):
    monkeypatch.chdir(held.parent)
    before = sorted(held.parent.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        main([*arguments, held.name])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "keras-vae: error: output run is being written by another training or export: expected one at a time; wait "
        "until it ends, or choose another output\n"
    )
    assert sorted(held.parent.rglob("*")) == before


def test_so_they_are_from_python(held, make_vae):
    from keras_vae.export import export_bundle
    from keras_vae.runs.settings import Settings
    from keras_vae.runs.train import train

    message = "run is being written by another training or export: expected one at a time"
    with pytest.raises(ValueError, match=f"directory .*{message}"):
        export_bundle(make_vae(), held)
    with pytest.raises(ValueError, match=f"output .*{message}"):
        train(Settings(), held)


def test_a_link_is_what_it_leads_to(held, tmp_path):
    (tmp_path / "link").symlink_to(held)
    with pytest.raises(ValueError, match="is being written"), one_writer("output", tmp_path / "link"):
        pytest.fail("another process has it")


def test_a_killed_process_holds_nobody_up(tmp_path):
    with held_by_another(tmp_path / "run") as process:
        process.kill()
        process.wait()
        assert [path.name for path in tmp_path.iterdir()] == [".run.keras_vae.lock"]
        with one_writer("output", tmp_path / "run"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_blocks_of_a_thread_may_be_nested_and_leave_nothing(tmp_path):
    output, refused = tmp_path / "new" / "folder" / "run", []

    def elsewhere():
        try:
            with one_writer("output", output):
                pass
        except ValueError as error:
            refused.append(error)

    def in_another_thread():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    with one_writer("output", output):
        with one_writer("output", output):
            in_another_thread()
        in_another_thread()
        assert len(refused) == 2
    in_another_thread()
    assert len(refused) == 2
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_meanwhile_stays(tmp_path):
    with one_writer("output", tmp_path / "new" / "run"):
        (tmp_path / "new" / "run").mkdir()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["run"]


@pytest.mark.parametrize("error", [FileNotFoundError, FileExistsError])
def test_a_folder_above_may_go_at_any_instant(error, tmp_path, monkeypatch):
    """The other process removes it while ours makes it: a parent is missing, or was there and is no folder."""
    make, gone = os.mkdir, []

    def mkdir(path, *arguments):
        if len(gone) < 3:
            gone.append(path)
            raise error(path)
        make(path, *arguments)

    monkeypatch.setattr(os, "mkdir", mkdir)
    with one_writer("output", tmp_path / "new" / "folder" / "run"):
        assert len(gone) == 3
    assert list(tmp_path.iterdir()) == []


# Each by the commands of two processes, which are given the same output.
PAIRS = {
    "two trainings": (["train"], ["train"]),
    "two that replace a run": (["train", "--overwrite"], ["train", "--overwrite"]),
    "two resumes": (["train", "--resume"], ["train", "--resume"]),
    "a training and an export": (["train"], ["export", "--preset", "mnist_conv_mixture"]),
}
ROUNDS = 5


@pytest.fixture(scope="module")
def at_once(tmp_path_factory):
    """Of two processes that start each pair at the same instant: the folder, what each came to, and their turns."""
    folder = tmp_path_factory.mktemp("at_once")
    lines = {"one": [], "other": []}
    for name, commands in PAIRS.items():
        for number in range(ROUNDS):
            output = f"{name} {number}/run"
            (folder / output).parent.mkdir()
            if "--resume" in commands[0]:
                (folder / f"{output}.unfinished/checkpoints").mkdir(parents=True)
                (folder / f"{output}.unfinished/checkpoints/step-000000012.checkpoint").write_text("")
            if "--overwrite" in commands[0]:
                (folder / output).mkdir()
                (folder / output / "config.json").write_text("{}")
            for process, command in zip(lines, commands, strict=True):
                lines[process] += ["--", *command, "--output", output]
    came = []
    with contextlib.ExitStack() as running:
        started = []
        for names in (("one", "other"), ("other", "one")):
            command = [sys.executable, Path(__file__).with_name("at_once.py"), *names, *lines[names[0]]]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            started.append(running.enter_context(subprocess.Popen(command, **pipes, text=True, cwd=folder)))
            running.callback(started[-1].kill)
        for process in started:
            printed, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
            came.append([json.loads(line) for line in printed.splitlines()])
    *rounds, turns = zip(*came, strict=True)
    return folder, {name: rounds[i * ROUNDS : (i + 1) * ROUNDS] for i, name in enumerate(PAIRS)}, turns


@pytest.mark.parametrize("pair", PAIRS)
def test_of_two_at_the_same_instant_one_wins_and_is_not_harmed(at_once, pair):
    folder, found, _ = at_once
    for number, ended in enumerate(found[pair]):
        (won, winner), (lost, _) = sorted(zip(ended, ("one", "other"), strict=True), key=lambda each: each[0]["status"])
        assert won == {"status": 0, "error": ""}
        assert lost["status"] == 2
        assert lost["error"].startswith(f"keras-vae: error: output {pair} {number}/run is being written by another ")
        assert lost["error"].count("\n") == 1
        here = folder / f"{pair} {number}"
        assert sorted(path.relative_to(here).as_posix() for path in here.rglob("*")) == ["run", "run/manifest.json"]
        assert (here / "run/manifest.json").read_text() == winner


def test_two_that_take_turns_never_hold_it_both(at_once):
    """Nor does one fail because the other removes the folders that it had made for its lock."""
    assert at_once[2] == ({"held": 50, "both": 0},) * 2
