"""What holds images, read in batches."""

import numpy as np
import pytest

from keras_vae.data.batches import image_batches


def test_weights_of_samples_are_refused_and_not_dropped():
    images, labels = np.zeros([4, 2, 2, 1], np.float32), np.zeros([4], np.int32)
    with pytest.raises(ValueError, match=r"^batch 0 of data has weights of samples: expected images, or images and"):
        list(image_batches([(images, labels, np.ones(4))], "data", (2, 2, 1)))
    assert len(list(image_batches([(images, labels, None)], "data", (2, 2, 1)))) == 1
