"""Links, and names that are no text: every file is read once, and no link leads out of its split."""

import numpy as np
import pytest

from keras_vae.data.load import load_arrays

from .drawing import colours, fill


def test_linked_files_and_folders_are_followed(tmp_path):
    fill(tmp_path / "store" / "cats", 5)
    fill(tmp_path / "mine" / "dogs", 5, 100)
    (tmp_path / "mine" / "cats").symlink_to(tmp_path / "store" / "cats")
    (tmp_path / "mine" / "dogs" / "linked.png").symlink_to(tmp_path / "store" / "cats" / "04.png")
    arrays = load_arrays(tmp_path / "mine", "train+test")
    assert arrays.class_names == ("cats", "dogs")
    assert np.bincount(arrays.labels).tolist() == [5, 6]
    (tmp_path / "links").mkdir()
    for name in ("cats", "dogs"):
        (tmp_path / "links" / name).symlink_to(tmp_path / "mine" / name)
    assert load_arrays(tmp_path / "links").class_names == ("cats", "dogs")


def test_loops_of_links_end(tmp_path, told):
    fill(tmp_path / "mine" / "a", 3)
    fill(tmp_path / "mine" / "b", 3, 100)
    fill(tmp_path / "outside", 3, 200)
    (tmp_path / "mine" / "a" / "loop").symlink_to(tmp_path / "mine")
    (tmp_path / "mine" / "a" / "other").symlink_to(tmp_path / "mine" / "b")
    (tmp_path / "mine" / "up").symlink_to(tmp_path)
    (tmp_path / "mine" / "itself").symlink_to(tmp_path / "mine" / "itself")
    arrays = load_arrays(tmp_path / "mine", "train+test")
    assert sorted(arrays.images[:, 0, 0, 0]) == [0, 1, 2, 100, 101, 102]
    assert np.bincount(arrays.labels).tolist() == [3, 3]
    assert told()[1].endswith(
        "; passed over 1 file: broken links 1; passed over a/loop, a/other, up, linked to what is read elsewhere"
    )


def test_no_link_leads_from_one_split_into_another(tmp_path, told):
    for place, split in enumerate(("train", "test")):
        fill(tmp_path / split / "a", 3, 100 * place)
    (tmp_path / "train" / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "train" / "a" / "over").symlink_to(tmp_path / "test")
    (tmp_path / "train" / "b").symlink_to(tmp_path / "test" / "a")
    assert colours(tmp_path, "train") == [0, 1, 2]
    assert colours(tmp_path, "test") == [100, 101, 102]
    assert told()[1].endswith("; passed over train/a/over, train/a/up, train/b, linked to what is read elsewhere")


def test_linked_splits_are_splits(tmp_path):
    for place, split in enumerate(("train", "test")):
        fill(tmp_path / "store" / split, 3, 100 * place)
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / split.capitalize()).symlink_to(tmp_path / "store" / split)
    assert colours(tmp_path / "mine", "test") == [100, 101, 102]


def test_nothing_but_loops_holds_no_images(tmp_path):
    for one, other in ("ab", "ba"):
        (tmp_path / one).mkdir()
        (tmp_path / one / "x").symlink_to(tmp_path / other)
    for folder in (tmp_path, tmp_path / "a"):
        with pytest.raises(ValueError, match="holds no images: expected files that end in"):
            load_arrays(folder)


def test_names_in_no_encoding_are_read(tmp_path):
    fill(tmp_path, 3)
    try:
        (tmp_path / "00.png").rename(tmp_path / "\udcff.png")
    except OSError:
        pytest.skip("this disk takes no such names")
    assert colours(tmp_path, "train+test") == [0, 1, 2]
