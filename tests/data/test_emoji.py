import numpy as np
import pytest

from keras_vae.data.emoji import CATEGORIES, FOLDER, read_sheet, variant_groups, variant_key
from keras_vae.data.load import load_arrays


@pytest.fixture(scope="module")
def sheet():
    return read_sheet()


def test_every_emoji_is_in_one_split_with_its_category(sheet):
    codes, labels, images = sheet
    train, test = load_arrays("emoji"), load_arrays("emoji", "test")
    assert train.image_shape == (32, 32, 3)
    assert train.class_names == CATEGORIES
    assert (len(train), len(test)) == (3412, 374)
    want = sorted((image.tobytes(), label) for image, label in zip(images, labels, strict=True))
    seen = sorted(
        (image.tobytes(), label)
        for split in (train, test)
        for image, label in zip(split.images, split.labels, strict=True)
    )
    assert seen == want
    assert len(set(codes)) == len(codes)
    share = np.bincount(labels) / 10
    assert np.all((np.bincount(test.labels, minlength=10) > share - 1) | (share < 1))


def test_no_emoji_to_test_has_a_variant_or_a_twin_to_train(sheet):
    codes, _, images = sheet
    test = {image.tobytes() for image in load_arrays("emoji", "test").images}
    train = {image.tobytes() for image in load_arrays("emoji").images}
    assert not test & train
    # by a rule of its own: what is left without skin tones, genders and joints
    tones = {f"{tone:x}" for tone in range(0x1F3FB, 0x1F400)}
    gendered = {"2640", "2642", "fe0f", "200d"}
    people = {"1f468": "1f9d1", "1f469": "1f9d1"}
    sides = {}
    for code, image in zip(codes, images, strict=True):
        parts = [people.get(part, part) for part in code.split("-") if part not in tones | gendered]
        sides.setdefault(tuple(parts) or code, set()).add(image.tobytes() in test)
    assert len(sides) > 1500
    assert [parts for parts, found in sides.items() if len(found) > 1] == []


@pytest.mark.parametrize(
    "variants",
    [
        # farmers; two people who hold hands; a kiss; a handshake; Santa; a family; one who runs, to the right; royals
        ["1f9d1-200d-1f33e", "1f468-1f3fb-200d-1f33e", "1f469-200d-1f33e"],
        ["1f46b", "1f46d-1f3ff", "1f469-1f3fb-200d-1f91d-200d-1f468-1f3fd", "1f9d1-200d-1f91d-200d-1f9d1"],
        ["1f48f", "1f469-200d-2764-fe0f-200d-1f48b-200d-1f468"],
        ["1f91d", "1faf1-1f3fb-200d-1faf2-1f3fc"],
        ["1f385", "1f936-1f3fd", "1f9d1-200d-1f384"],
        ["1f46a", "1f468-200d-1f469-200d-1f467-200d-1f466", "1f469-200d-1f466"],
        ["1f3c3", "1f3c3-1f3fd-200d-2640-fe0f-200d-27a1-fe0f", "1f3c3-200d-2642-fe0f"],
        ["1f934", "1f478-1f3fb", "1fac5"],
    ],
)
def test_variants_share_a_key(variants, sheet):
    assert len({variant_key(code) for code in variants}) == 1
    codes, _, images = sheet
    groups = dict(zip(codes, variant_groups(codes, images).tolist(), strict=True))
    assert len({groups[code] for code in variants}) == 1


def test_other_emoji_do_not(sheet):
    codes, _, images = sheet
    groups = variant_groups(codes, images)
    assert groups.max() + 1 == 1685
    assert variant_key("1f9d1-200d-1f33e") != variant_key("1f9d1-200d-1f373") != variant_key("1f9d1")
    # flags that look the same are one: of Norway and of Bouvet Island
    group = dict(zip(codes, groups.tolist(), strict=True))
    assert group["1f1f3-1f1f4"] == group["1f1e7-1f1fb"] != group["1f1f8-1f1ea"]


def test_the_licence_lies_beside_and_the_files_are_small():
    assert "Apache License" in (FOLDER / "LICENSE").read_text("utf-8")
    assert "Noto Emoji, copyright Google" in (FOLDER / "NOTICE").read_text("utf-8")
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4 * 2**20
