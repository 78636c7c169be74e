"""Archives that state more than they can hold are refused before anything is unpacked."""

import shutil
import zipfile

import numpy as np
import pytest

from keras_vae.files.archives import check_unpacked_size
from keras_vae.runs.run_folder import load_run


@pytest.fixture
def bomb(tmp_path):
    """A run whose weights are 64 MB of zeros in 64 kB, in a file that cannot be unpacked: its bytes are cut out."""
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        with archive.open("model.weights.h5", "w") as file:
            for _ in range(64):
                file.write(bytes(10**6))
    (tmp_path / "config.json").write_text('{"settings": {}}')
    return path


def test_a_bomb_is_refused_unopened(bomb, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *arguments, **options: pytest.fail("it was unpacked"))
    with pytest.raises(ValueError, match=r"cannot be read \(model.keras states 64000002 bytes when unpacked: expected"):
        load_run(bomb.parent)


def test_a_model_may_be_compressed(make_vae, tmp_path):
    from keras_vae.runs.run_folder import save_model

    model = make_vae()
    save_model(model, tmp_path / "stored.keras")
    with (
        zipfile.ZipFile(tmp_path / "stored.keras") as stored,
        zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    (tmp_path / "config.json").write_text('{"settings": {}}')
    loaded, _ = load_run(tmp_path)
    for one, two in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_test_images_of_a_bundle_are_as_many_as_there_can_be(tmp_path):
    from keras_vae.export.contents.test_images import VALUES, read_test_images, write_test_images

    write_test_images(np.zeros([VALUES // 64, 8, 8, 1], "float32"), np.zeros([VALUES // 64], "int32"), tmp_path)
    assert read_test_images(tmp_path, (8, 8, 1))[0].shape == (VALUES // 64, 8, 8, 1)
    write_test_images(np.zeros([2 * VALUES // 64, 8, 8, 1], "float32"), None, tmp_path)
    with pytest.raises(ValueError, match=r"test_images.npz states 8388\d+ bytes when unpacked: expected at most"):
        read_test_images(tmp_path, (8, 8, 1))


def test_of_what_is_no_archive_nothing_is_said(tmp_path):
    (tmp_path / "a.keras").write_text("no archive")
    with pytest.raises(zipfile.BadZipFile):
        check_unpacked_size(tmp_path / "a.keras")
    shutil.rmtree(tmp_path)
