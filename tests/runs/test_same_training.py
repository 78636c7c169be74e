import dataclasses
from pathlib import Path

import pytest

from keras_vae.runs.same_training import check_same_settings
from keras_vae.runs.settings import Settings


def test_a_checkpoint_from_before_a_setting_was_there_had_its_default():
    saved = dataclasses.asdict(Settings(epochs=3))
    del saved["precision"]
    check_same_settings(saved, Settings(epochs=3), Path("c"))
    with pytest.raises(
        ValueError, match=r"precision is 'mixed_float16' where it was 'float32'\): expected those of the"
    ):
        check_same_settings(saved, Settings(epochs=3, precision="mixed_float16"), Path("c"))


def test_other_channels_are_refused():
    saved = dataclasses.asdict(Settings(channels=4))
    check_same_settings(saved, Settings(), Path("c"))
    with pytest.raises(ValueError, match="channels is 3 where it was 4"):
        check_same_settings(saved, Settings(channels=3), Path("c"))
