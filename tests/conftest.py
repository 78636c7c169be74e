import gc

import pytest

# Graphs are millions of small objects that live on: looking through them again and again took a fifth of the suite.
gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True, scope="module")
def what_a_module_leaves_is_not_looked_through_again():
    yield
    gc.collect()
    gc.freeze()
