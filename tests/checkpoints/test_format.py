import errno
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from keras_vae.checkpoints.format import PARTIAL, DamagedState, read_state, write_state

FULL = Path("/dev/full")  # every write to it fails with ENOSPC, as on a full disk
ARRAYS = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7, np.int64), np.zeros([0, 2], bool)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("state") / "a.state"


@given(
    st.lists(hnp.arrays(st.sampled_from([np.float32, np.float64, np.int32, np.uint32, bool]), hnp.array_shapes())),
    st.dictionaries(st.text(), st.floats(allow_nan=False) | st.integers() | st.text() | st.none()),
)
def test_what_is_written_is_read_bit_for_bit(place, arrays, facts):
    write_state(place, facts, arrays)
    read_facts, read_arrays = read_state(place)
    assert read_facts == facts
    assert [array.tobytes() for array in read_arrays] == [array.tobytes() for array in arrays]
    assert [(array.dtype, array.shape) for array in read_arrays] == [(array.dtype, array.shape) for array in arrays]
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_dtypes_that_numpy_lacks_and_values_that_are_no_numbers(tmp_path):
    arrays = [np.array([1.5, -2], ml_dtypes.bfloat16), np.array([np.nan, np.inf, -0.0], np.float16)]
    write_state(tmp_path / "a", {}, arrays)
    read = read_state(tmp_path / "a")[1]
    assert [array.dtype.name for array in read] == ["bfloat16", "float16"]
    assert [array.tobytes() for array in read] == [array.tobytes() for array in arrays]


def test_every_flipped_byte_and_every_cut_is_noticed(tmp_path):
    path = tmp_path / "a"
    write_state(path, {"epoch": 3}, ARRAYS)
    whole = path.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        with pytest.raises(DamagedState, match="cut short or changed"):
            read_state(path)
        path.write_bytes(whole[:position])
        with pytest.raises(DamagedState, match="cut short or changed"):
            read_state(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(DamagedState):
        read_state(path)
    path.write_bytes(whole)
    assert read_state(path)[0] == {"epoch": 3}


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a"
    write_state(path, {"epoch": 3}, ARRAYS)
    (tmp_path / PARTIAL).symlink_to(FULL)
    with pytest.raises(OSError) as caught:
        write_state(path, {"epoch": 4}, ARRAYS)
    assert caught.value.errno == errno.ENOSPC
    assert read_state(path)[0] == {"epoch": 3}
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
