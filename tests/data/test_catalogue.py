import time

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_vae.data.labels import renumber
from keras_vae.data.load import load_arrays, load_dataset

COUNT = 40


def example(index):
    image = np.full([6 + index % 3, 9, 4], index, np.uint8)
    image[..., 3] = 255 if index % 2 else 0
    return image


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    VERSION = tfds.core.Version("1.0.0")

    def _generate_examples(self):
        raise NotImplementedError


class TrainOnlyRgba(_Builder):
    """Mixed sizes, transparency, no test split, and a feature that must not be decoded."""

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "picture": tfds.features.Image(shape=(None, None, 4)),
                    "caption": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=["even", "odd"]),
                }
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {
            "train": (
                (index, {"picture": example(index), "caption": "x", "label": index % 2}) for index in range(COUNT)
            )
        }


class TrainAndValidation(_Builder):
    """As many datasets are whose test images nobody gives away."""

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(None, None, 4))}),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {
            split: ((index, {"image": example(index)}) for index in numbers)
            for split, numbers in (("train", range(1, 21, 2)), ("validation", range(101, 107, 2)))
        }


class LabelsKeptBack(_Builder):
    """As of contests, whose test labels nobody gives away."""

    def _info(self):
        image, label = tfds.features.Image(shape=(None, None, 4)), tfds.features.ClassLabel(names=["even", "odd"])
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"image": image, "label": label}), disable_shuffling=True
        )

    def _split_generators(self, dl_manager):
        def examples(label):
            return ((index, {"image": example(index), "label": label}) for index in range(1, 4))

        return {"train": examples(0), "test": examples(-1)}


class WithoutImages(_Builder):
    def _info(self):
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict({"text": tfds.features.Text()}))

    def _split_generators(self, dl_manager):
        return {"train": ((index, {"text": "x"}) for index in range(3))}


def test_a_tenth_of_train_stands_in_for_a_missing_test_split(tmp_path):
    load = lambda split: load_arrays("train_only_rgba", split, data_dir=tmp_path, image_size=6)  # noqa: E731
    train, test = load("train"), load("test")
    assert train.images.shape == (36, 6, 6, 3)
    assert test.images.shape == (4, 6, 6, 3)
    # fully transparent images are white, opaque ones keep their value, in the order of the file
    value = np.array([index if index % 2 else 255 for index in range(COUNT)])
    np.testing.assert_array_equal(np.concatenate([train.images, test.images])[:, 3, 3, 0], value)
    assert train.class_names == ("even", "odd")
    np.testing.assert_array_equal(test.labels, [0, 1, 0, 1])
    assert len(load("train[:5]")) == 5
    assert load_arrays("train_only_rgba", data_dir=tmp_path).image_shape == (64, 64, 3)
    assert load_arrays("train_only_rgba", data_dir=tmp_path, image_size=(5, 8), channels=1).image_shape == (
        5,
        8,
        1,
    )
    kept = load_arrays("train_only_rgba", data_dir=tmp_path, image_size=6, channels=4).images
    np.testing.assert_array_equal(kept[:, 3, 3, 3], 255 * (np.arange(36) % 2))


def test_validation_stands_in_for_a_missing_test_split(tmp_path):
    for split, values in (("train", range(1, 21, 2)), ("test", (101, 103, 105)), ("validation", (101, 103, 105))):
        found = load_arrays("train_and_validation", split, data_dir=tmp_path, image_size=6).images
        np.testing.assert_array_equal(found[:, 3, 3, 0], values)


def test_labels_that_are_kept_back_are_none(tmp_path):
    """Not -1, which NumPy takes for the last class."""
    train, test = (load_arrays("labels_kept_back", split, data_dir=tmp_path) for split in ("train", "test"))
    assert train.labels.tolist() == [0, 0, 0]
    assert (test.labels, test.class_names) == (None, ("even", "odd"))
    assert renumber(test, "a contest", ("odd", "even")).labels is None
    with pytest.raises(ValueError, match="has no classes: expected some"):
        load_dataset("labels_kept_back", "test", labels=True, data_dir=tmp_path)


@pytest.mark.parametrize("split", ["val", "test[:5]", "train[:nonsense]", "train[:0]"])
def test_an_unknown_split_names_those_there_are(split, tmp_path):
    with pytest.raises(ValueError, match=r"expected one of train, or a slice") as caught:
        load_arrays("train_only_rgba", split, data_dir=tmp_path)
    assert "\n" not in str(caught.value)


def test_a_dataset_without_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no image feature, its features are text"):
        load_arrays("without_images", data_dir=tmp_path)


def test_an_unknown_name_gets_close_ones():
    with pytest.raises(ValueError, match=r"dataset is 'mnsit': expected .* mnist") as caught:
        load_dataset("mnsit")
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"did you mean digits"):
        load_dataset("digit")
    with pytest.raises(ValueError, match=r"dataset is 'huggingface:mnist'( \(.+\))?: expected"):
        load_dataset("huggingface:mnist")


@pytest.mark.parametrize("name", ["digits:9.9.9", "digits/zzz", "shapes:", "shapes/a:1.0.0"])
def test_a_version_or_config_that_is_not_there_is_refused(name):
    ours = name[:6]
    with pytest.raises(ValueError, match=rf"dataset is '{name}': expected {ours} or {ours}:1.0.0; it has no other"):
        load_arrays(name)
    assert len(load_arrays(f"{ours}:1.0.0", "test[:3]")) == 3


def test_data_that_is_not_prepared_names_where_it_was_looked_for(tmp_path):
    with pytest.raises(ValueError, match=f"'mnist' is not prepared in {tmp_path} .*--data-dir"):
        load_arrays("mnist", data_dir=tmp_path, download=False)
    assert list(tmp_path.iterdir()) == []


def test_no_network_fails_at_once_and_leaves_nothing(tmp_path, monkeypatch):
    # the reserved name never resolves, so the download fails alike with and without a network
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://nowhere.invalid:9")
    monkeypatch.setenv("no_proxy", "")
    kept = tmp_path / "downloads" / "other"
    kept.mkdir(parents=True)
    started = time.monotonic()
    with pytest.raises(
        OSError, match=r"could not be downloaded .*: expected .* network; connect to one, or set TFDS_DATA_DIR"
    ) as caught:
        load_arrays("mnist", data_dir=tmp_path)
    assert time.monotonic() - started < 20
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == [kept.parent, kept]


@pytest.mark.mnist
def test_mnist_is_all_there(mnist_dir):
    train = load_arrays("mnist", data_dir=mnist_dir, download=False)
    assert train.images.shape == (60000, 28, 28, 1)
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert abs(train.images.mean() / 255 - 0.13066) < 1e-5
    assert abs(train.images.std() / 255 - 0.30811) < 1e-5
    batches = load_dataset(
        "mnist:3.0.1", "test[:10%]", data_dir=mnist_dir, download=False, labels=True, binarize="static"
    )
    images, labels = next(iter(batches))
    assert set(np.unique(images)) == {0, 1}
    assert labels.shape == (128,)
