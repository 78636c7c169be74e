"""A run folder is whole or not there."""

import errno

import pytest

from keras_vae.runs import run_folder


@pytest.fixture
def run(tmp_path):
    output = tmp_path / "run"
    output.mkdir()
    (output / "config.json").write_text('{"settings": {}}')
    return output


def test_free_places(tmp_path):
    run_folder.check_free(tmp_path / "new", overwrite=False)
    (tmp_path / "empty").mkdir()
    run_folder.check_free(tmp_path / "empty", overwrite=False)


def test_an_earlier_run_needs_overwrite(run):
    with pytest.raises(ValueError, match="--overwrite"):
        run_folder.check_free(run, overwrite=False)
    run_folder.check_free(run, overwrite=True)


def test_other_files_are_never_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(ValueError, match="not a run"):
            run_folder.check_free(tmp_path, overwrite)


def test_an_interrupted_training_is_not_lost_unasked(tmp_path):
    (tmp_path / "run.unfinished").mkdir()
    with pytest.raises(ValueError, match="interrupted training"):
        run_folder.check_free(tmp_path / "run", overwrite=False)


def test_success_replaces_the_earlier_run(run):
    with run_folder.writing(run) as folder:
        (folder / "config.json").write_text("{}")
        (folder / "new").write_text("")
        assert not (run / "new").exists()
    assert sorted(path.name for path in run.iterdir()) == ["config.json", "new"]
    assert [path.name for path in run.parent.iterdir()] == ["run"]


def test_a_full_disk_leaves_the_earlier_run_and_the_trained_model(run):
    with pytest.raises(OSError, match=r"disk is full.*model\.keras"), run_folder.writing(run) as folder:
        (folder / "model.keras").write_text("whole, since it is renamed into place")
        (folder / "samples.png").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (run / "config.json").read_text() == '{"settings": {}}'
    assert [path.name for path in (run.parent / "run.unfinished").iterdir()] == ["model.keras"]


def test_any_failure_before_the_model_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="bad"), run_folder.writing(tmp_path / "run") as folder:
        (folder / "half.txt").write_text("")
        raise ValueError("bad")
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_saved_whole_or_not(tmp_path):
    class Breaks:
        def save(self, path):
            path.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="the disk is full"):
        run_folder.save_model(Breaks(), tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_run_is_refused(tmp_path, run):
    with pytest.raises(ValueError, match="absent does not exist: expected the folder of a run; check the path"):
        run_folder.read_settings(tmp_path / "absent")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ValueError, match=r"is a bundle: expected config.json and model.keras, .*; give the folder"):
        run_folder.read_settings(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ValueError, match="holds no run"):
        run_folder.load_run(tmp_path)
    with pytest.raises(ValueError, match=r"lacks model\.keras"):
        run_folder.load_run(run)
    (run / "model.keras").write_bytes(b"PK cut short")
    with pytest.raises(ValueError, match=r"model\.keras cannot be read"):
        run_folder.load_run(run)
    (run / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config\.json is not JSON"):
        run_folder.load_run(run)
