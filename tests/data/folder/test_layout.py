"""Whatever way people sort their images into folders: no image to test with is trained on, no label is lost."""

import os
import unicodedata

import numpy as np
import pytest

from keras_vae.data.load import load_arrays

from .drawing import colours, draw, fill


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Train", "Test"),
        ("training", "testing"),
        ("TRAINING", "test"),
        ("train", "val"),
        ("Training", "Valid"),
        ("train", "Validation"),
    ],
)
def test_splits_by_their_usual_names_keep_labels(tmp_path, told, train, test):
    for label, name in enumerate(("cats", "dogs")):
        fill(tmp_path / train / name, 5, 100 * label)
        fill(tmp_path / test / name, 3, 100 * label + 50)
    assert colours(tmp_path, "train") == [*range(5), *range(100, 105)]
    for split in ("test", test, test.lower()):
        arrays = load_arrays(tmp_path, split)
        assert sorted(arrays.images[:, 0, 0, 0]) == [50, 51, 52, 150, 151, 152]
        assert arrays.class_names == ("cats", "dogs")
        np.testing.assert_array_equal(arrays.labels, arrays.images[:, 0, 0, 0] // 100)
    level, line = told()
    assert level == "INFO"
    held = "test 6 (2 classes)" if test.lower().startswith("test") else "validation 6 (2 classes), test as validation"
    assert line == f"train 10 (2 classes), {held}"


def test_validation_beside_test_is_neither_trained_on_nor_tested_with(tmp_path, told):
    for place, split in enumerate(("train", "val", "test")):
        fill(tmp_path / split / "a", 3, 50 * place)
        fill(tmp_path / split / "b", 3, 50 * place + 10)
    assert colours(tmp_path, "train") == [0, 1, 2, 10, 11, 12]
    assert colours(tmp_path, "validation") == colours(tmp_path, "val") == [50, 51, 52, 60, 61, 62]
    assert colours(tmp_path, "test") == [100, 101, 102, 110, 111, 112]
    assert len(colours(tmp_path, "train[:50%]+valid[:2]")) == 5
    assert told() == ("INFO", "train 6 (2 classes), validation 6 (2 classes), test 6 (2 classes)")


def test_each_class_may_have_splits_of_its_own(tmp_path, told):
    for label, name in enumerate(("cats", "dogs")):
        fill(tmp_path / name / "Train", 5, 100 * label)
        fill(tmp_path / name / "Test", 3, 100 * label + 50)
    assert colours(tmp_path, "train") == [*range(5), *range(100, 105)]
    arrays = load_arrays(tmp_path, "test")
    assert arrays.class_names == ("cats", "dogs")
    np.testing.assert_array_equal(arrays.labels, [0, 0, 0, 1, 1, 1])
    assert told()[1] == "train 10 (2 classes), test 6 (2 classes)"


def test_masks_beside_the_splits_of_each_class_are_passed_over(tmp_path, told):
    for label, name in enumerate(("bottle", "cable")):
        fill(tmp_path / name / "train" / "good", 3, 100 * label)
        fill(tmp_path / name / "test" / "broken", 2, 100 * label + 50)
        fill(tmp_path / name / "ground_truth" / "broken", 2, 255)
    assert colours(tmp_path, "train+test") == [0, 1, 2, 50, 51, 100, 101, 102, 150, 151]
    assert load_arrays(tmp_path).class_names == ("bottle", "cable")
    assert "; passed over bottle/ground_truth/broken/00.png, " in told()[1]
    assert told()[1].endswith("and 1 more, outside of the splits")


def test_a_class_called_train_is_no_split(tmp_path):
    for name in ("vehicles/train", "vehicles/bus", "school/test", "school/exam"):
        fill(tmp_path / name, 5)
    arrays = load_arrays(tmp_path, "train+test")
    assert arrays.class_names == ("school", "vehicles")
    assert len(arrays) == 20


def test_splits_in_some_classes_alone_are_refused(tmp_path):
    for name in ("cats/train", "cats/test", "dogs"):
        fill(tmp_path / name, 5)
    with pytest.raises(ValueError, match=r"has splits in cats, but none in dogs: expected splits in every class or in"):
        load_arrays(tmp_path)


@pytest.mark.parametrize("wrapper", ["data", "data/pictures", "train/images"])
def test_folders_in_which_everything_lies_say_nothing(tmp_path, wrapper):
    for label, name in enumerate(("cats", "dogs")):
        fill(tmp_path / wrapper / name / "more", 10, 100 * label)
    (tmp_path / "README.txt").write_text("of an archive")
    arrays = load_arrays(tmp_path, "train+test")
    assert arrays.class_names == ("cats", "dogs")
    np.testing.assert_array_equal(arrays.labels, arrays.images[:, 0, 0, 0] // 100)


def test_a_wrapped_pair_of_splits_is_found(tmp_path):
    fill(tmp_path / "data" / "train" / "images", 5)
    fill(tmp_path / "data" / "test" / "images", 5, 50)
    assert colours(tmp_path, "train") == [0, 1, 2, 3, 4]
    assert colours(tmp_path, "test") == [50, 51, 52, 53, 54]


def test_nested_folders_are_of_the_uppermost_class(tmp_path, told):
    fill(tmp_path / "animals" / "cats", 5)
    fill(tmp_path / "animals" / "dogs" / "small", 5, 10)
    fill(tmp_path / "plants", 5, 100)
    arrays = load_arrays(tmp_path, "train+test")
    assert arrays.class_names == ("animals", "plants")
    np.testing.assert_array_equal(arrays.labels, arrays.images[:, 0, 0, 0] // 100)
    assert told() == ("INFO", "train 13 (2 classes), test 2 held out of train")


def test_a_stray_image_costs_no_labels(tmp_path, told):
    fill(tmp_path / "a", 5)
    fill(tmp_path / "c", 5, 100)
    draw(tmp_path / "stray.png", colour=200)
    arrays = load_arrays(tmp_path, "train+test")
    assert arrays.class_names == ("a", "c")
    np.testing.assert_array_equal(arrays.labels, arrays.images[:, 0, 0, 0] // 100)
    assert told() == (
        "WARNING",
        "train 9 (2 classes), test 1 held out of train; passed over stray.png, in no class folder",
    )


def test_images_that_mostly_lie_in_no_class_have_none(tmp_path, told):
    fill(tmp_path, 10)
    fill(tmp_path / "old", 3, 100)
    assert load_arrays(tmp_path).labels is None
    assert len(colours(tmp_path, "train+test")) == 13
    assert told()[1].endswith("; no labels in train: 10 of 13 images lie in no class folder")


def test_a_split_without_classes_leaves_those_of_the_other(tmp_path):
    fill(tmp_path / "train" / "cats", 5)
    fill(tmp_path / "train" / "dogs", 5, 100)
    fill(tmp_path / "test", 4, 200)
    np.testing.assert_array_equal(load_arrays(tmp_path).labels, [0] * 5 + [1] * 5)
    assert load_arrays(tmp_path, "test").labels is None
    assert colours(tmp_path, "test") == [200, 201, 202, 203]


def test_classes_of_the_test_split_alone_are_said(tmp_path, told):
    fill(tmp_path / "train" / "cats", 3)
    fill(tmp_path / "test" / "cats", 3)
    fill(tmp_path / "test" / "unknown", 3)
    assert load_arrays(tmp_path, "test").class_names == ("cats", "unknown")
    assert told() == ("WARNING", "train 3 (1 class), test 6 (2 classes); no training images of unknown")


def test_what_lies_beside_two_splits_is_passed_over(tmp_path, told):
    fill(tmp_path / "train", 3)
    fill(tmp_path / "test", 3)
    fill(tmp_path / "masks", 3)
    draw(tmp_path / "preview.png")
    (tmp_path / "docs").mkdir()
    assert colours(tmp_path, "train+test") == [0, 0, 1, 1, 2, 2]
    assert told() == ("WARNING", "train 3, test 3; passed over masks, preview.png, outside of the splits")


def test_a_split_beside_what_may_be_one_is_refused(tmp_path):
    for name in ("train", "bus", "car"):
        fill(tmp_path / name, 3)
    with pytest.raises(ValueError, match=r"has train beside bus, car: expected splits \(train, .*\) or classes; move"):
        load_arrays(tmp_path)


def test_two_folders_for_one_split_are_refused(tmp_path):
    fill(tmp_path / "train", 3)
    fill(tmp_path / "training", 3)
    with pytest.raises(ValueError, match=r"has train and training: expected one folder for train"):
        load_arrays(tmp_path)


ACCENTED = "caf\u00e9"


@pytest.mark.parametrize(("one", "other"), [("Cats", "cats"), (ACCENTED, unicodedata.normalize("NFD", ACCENTED))])
def test_classes_that_a_disk_may_take_for_one_are_refused(tmp_path, one, other):
    fill(tmp_path / "train" / one, 3)
    fill(tmp_path / "test" / other, 3)
    with pytest.raises(ValueError, match=r"has classes '.*' and '.*': expected names that differ by more") as caught:
        load_arrays(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_kinds_of_files_passed_over_are_counted(tmp_path, told):
    fill(tmp_path / "a", 4)
    for index in range(9):
        (tmp_path / "a" / f"{index}.RAF").write_bytes(b"raw")
    (tmp_path / "a" / "names").write_text("of no kind")
    (tmp_path / "a" / ".DS_Store").write_text("hidden")
    (tmp_path / "__MACOSX").mkdir()
    draw(tmp_path / "__MACOSX" / "shadow.png")
    load_arrays(tmp_path)
    assert told() == (
        "WARNING",
        "train 3 (1 class), test 1 held out of train; passed over 10 files: .raf 9, without suffix 1",
    )


def test_what_is_no_plain_file_is_never_opened(tmp_path, told):
    fill(tmp_path, 4)
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    load_arrays(tmp_path)
    assert told()[1].endswith("; passed over 2 files: broken links 1, no plain files 1")


def test_empty_class_folders_are_said(tmp_path, told):
    fill(tmp_path / "a", 3)
    fill(tmp_path / "b", 3)
    (tmp_path / "c" / "deep").mkdir(parents=True)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "labels.txt").write_text("no image")
    assert load_arrays(tmp_path).class_names == ("a", "b")
    assert told()[1].endswith("; passed over 1 file: .txt 1; no images in c, d")
