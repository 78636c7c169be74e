from pathlib import Path

import numpy as np
import pytest

from keras_vae.checkpoints.folder import checkpoints_in, newest_whole, save
from keras_vae.checkpoints.format import PARTIAL

FULL = Path("/dev/full")
STATE = [np.arange(5.0)]


def saved(folder, *steps):
    before = None
    for step in steps:
        before = save(folder, step, {"step": step}, STATE, before)
    return before


def names(folder):
    return [path.name for path in checkpoints_in(folder)]


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_last_two_are_kept_and_the_newest_is_read(tmp_path):
    saved(tmp_path / "new" / "folder", 9, 10, 100, 1000)
    assert names(tmp_path / "new/folder") == ["step-000001000.checkpoint", "step-000000100.checkpoint"]
    assert newest_whole(tmp_path / "new/folder", pytest.fail).facts == {"step": 1000}


def test_a_damaged_one_is_passed_over_with_a_note(tmp_path):
    damage(saved(tmp_path, 1, 2))
    notes = []
    found = newest_whole(tmp_path, notes.append)
    assert found.facts == {"step": 1}
    (note,) = notes
    assert "step-000000002.checkpoint is cut short or changed" in note
    assert "going on from the one before, step-000000001.checkpoint" in note
    # The next one must not push out the only one that is whole.
    save(tmp_path, 1, {"step": "again"}, STATE, found.path)
    assert newest_whole(tmp_path, pytest.fail).facts == {"step": "again"}


def test_the_whole_one_outlives_a_damaged_newer_one(tmp_path):
    damage(saved(tmp_path, 10, 30))
    found = newest_whole(tmp_path, lambda note: None)
    save(tmp_path, 20, {"step": 20}, STATE, found.path)
    assert names(tmp_path) == ["step-000000020.checkpoint", "step-000000010.checkpoint"]


def test_none_and_none_that_is_whole(tmp_path):
    assert newest_whole(tmp_path / "missing", pytest.fail) is None
    assert newest_whole(tmp_path, pytest.fail) is None
    saved(tmp_path, 1, 2)
    for path in checkpoints_in(tmp_path):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        ValueError, match=r"no checkpoint in .* is complete \(.*step-000000002.*\): expected one; start again"
    ):
        newest_whole(tmp_path, pytest.fail)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named_in_one_line_and_the_old_ones_stay(tmp_path):
    before = saved(tmp_path, 1, 2)
    (tmp_path / PARTIAL).symlink_to(FULL)
    with pytest.raises(OSError) as caught:
        save(tmp_path, 3, {}, STATE, before)
    message = str(caught.value)
    assert "the disk is full" in message
    assert f"{before} is whole; make room, then resume" in message
    assert "\n" not in message
    assert names(tmp_path) == ["step-000000002.checkpoint", "step-000000001.checkpoint"]
    assert newest_whole(tmp_path, pytest.fail).facts == {"step": 2}
