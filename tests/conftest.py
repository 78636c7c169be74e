import gc
import json
import os
import resource
import warnings

import hypothesis
import numpy as np
import pytest
from filelock import FileLock

from tests.quick_graphs import collect_garbage_seldom, make_graphs_quick, optimize_graphs

# A busy machine is no failure.
hypothesis.settings.register_profile("keras_vae", deadline=None)
hypothesis.settings.load_profile("keras_vae")
# before TensorFlow is imported, which makes as many objects: no line above brings it
collect_garbage_seldom()
# Of this process' memory, in the system's unit, each a twentieth above the one before.
PEAKS = [0]


def pytest_xdist_auto_num_workers(config):
    """One worker more than cores: many tests wait for processes of their own."""
    return 1 + (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def graphs_go_with_their_test():
    """A worker would hold gigabytes of them by the end."""
    from keras_vae.private_interfaces import custom_gradients_forgotten

    with custom_gradients_forgotten():
        yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if peak > 1.05 * PEAKS[-1]:
        gc.collect()
        PEAKS.append(peak)


@pytest.fixture(autouse=True, scope="module")
def what_a_module_leaves_is_not_looked_through_again():
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def default_of_compiling():
    """What decides for users whether a model is compiled; from here on nothing does."""
    return make_graphs_quick()


@pytest.fixture(autouse=True)
def compiled_as_for_users(request, default_of_compiling, monkeypatch):
    """Tests marked `compiled` run as users' models do, with XLA where it is the default and TensorFlow's optimizer."""
    if not request.node.get_closest_marker("compiled"):
        yield
        return
    from keras_vae.models import compile_options

    monkeypatch.setattr(compile_options, "compiles_well", default_of_compiling)
    optimize_graphs(True)
    yield
    optimize_graphs(False)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """Returns a folder that all workers share: `write` is called with its path in the first that asks for it."""

    def make(name, write):
        base = tmp_path_factory.getbasetemp()
        base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        with FileLock(base / f"{name}.lock"):
            if not (base / f"{name}.made").exists():
                write(base / name)
                (base / f"{name}.made").touch()
        return base / name

    return make


@pytest.fixture
def gray_pixels_are_meant():
    """For tests that fit Bernoullis to gray pixels on purpose; those of the warning set their own filters."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Bernoulli is not a likelihood")
        yield


@pytest.fixture(scope="session")
def digits():
    """Twenty real digits, float32 `[20, 8, 8, 1]` in [0, 1]."""
    from sklearn.datasets import load_digits

    return (load_digits().images[:20, :, :, None] / 16).astype("float32")


@pytest.fixture
def make_vae():
    """Builds small models of equal weights for equal arguments."""
    from keras_vae import VAE

    def make(**changes):
        return VAE.from_preset(
            "digits_mlp", **{"latent_dim": 2, "likelihood": "bernoulli", "network": {"hidden": [8]}, **changes}
        )

    return make


@pytest.fixture
def check_sizes():
    """Hold a bundle's files to what the model has: no weight twice, few bytes an operator, int8 that is."""

    # `others` in bytes, of which the generator's table has 16 KB; `int8` as shares of the float32 files
    def check(model, bundle, others=20_000, int8=(0.3, 0.6)):
        from keras_vae.export.formats.tflite_model import read_model

        manifest = json.loads((bundle / "manifest.json").read_text())
        sizes = {path: entry["bytes"] for path, entry in manifest["files"].items()}
        parameters = sum(manifest["model"]["parameters"].values())
        # `score` has the density of a prior with weights in a form of its own.
        for family in (model.prior, model.prior, model.posterior):
            parameters += sum(weight.numpy().size for weight in family.weights)
        flat = read_model((bundle / "tflite/vae.tflite").read_bytes())
        constants = sum(len(buffer.data) for buffer in flat.buffers if buffer.data is not None)
        operators = sum(len(graph.operators) for graph in flat.subgraphs)
        assert constants <= 4 * parameters + others
        assert sizes["tflite/vae.tflite"] - constants <= 150 * operators
        assert sizes["tflite/decoder.int8.tflite"] <= int8[0] * sizes["tflite/vae.tflite"]
        assert sizes["onnx/decode.int8.onnx"] <= int8[1] * sizes["onnx/decode.onnx"]

    return check


@pytest.fixture
def weights_of():
    return lambda model: [np.array(weight) for weight in model.get_weights()]
