"""Every public function is handed every kind of wrong argument: it returns what is right, or says what is not.

The names come from the stubs of the packages, and the methods from the classes: a new one joins by itself, and needs a
line in `RIGHT` only where a parameter without a default has a name that no other has.
"""

import contextlib
import functools
import inspect
import re
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import keras_vae
from keras_vae.export import bundle

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("gray_pixels_are_meant")]
# What no user calls: hooks of Keras and of the training loop, which get what other methods have checked.
HOOKS = {
    *("call", "check_counted", "compile", "compile_from_config", "decode_flat", "decoder_outputs", "encoder_outputs"),
    *("from_config", "get_compile_config", "get_config", "jit_under_strategy", "load_own_variables", "log", "noise"),
    *("make_predict_function", "make_test_function", "make_train_function", "remake_functions", "reset_metrics"),
    *("predict_step", "scope", "terms", "test_step", "train_step"),
}
# Keras' own, which checks its arguments in words of its own; ours adds a warning, or a default.
PASSED_ON = {"save", "save_weights", "export"}
# A call takes a minute: it has a test of its own below, which ends where the work would begin.
SLOW = {"export.export_bundle"}
# Functions that we call: what they say is theirs.
CALLED_BY_US = {"progress", "features", "note"}
# Keras' own arguments, checked by Keras in words of its own.
OF_KERAS = {"callbacks", "training", "shuffle"}
X = np.random.default_rng(0).integers(0, 2, [4, 8, 8, 1]).astype("float32")


def public_names(module=keras_vae, prefix=""):
    """Every function and class that the stubs name, by its name within the package."""
    for name in module.__all__:
        found = getattr(module, name)
        if isinstance(found, types.ModuleType):
            yield from public_names(found, f"{prefix}{name}.")
        elif not (isinstance(found, type) and issubclass(found, (BaseException, tuple))):
            yield prefix + name, found


def methods(model_class):
    """The public methods of a model that are ours."""
    for name in dir(model_class):
        method = inspect.getattr_static(model_class, name)
        ours = getattr(getattr(method, "__func__", method), "__module__", "") or ""
        if callable(getattr(model_class, name)) and ours.startswith("keras_vae") and name[0] != "_":
            yield name


FUNCTIONS = dict(public_names())
METHODS = sorted({*methods(keras_vae.VAE), *methods(keras_vae.Autoencoder)} - HOOKS - PASSED_ON)
OF_MODELS = [f"{model}.{name}" for model in ("VAE", "conditional") for name in METHODS]
KERAS_OWN = {"optimizers.ConvolutionalMuon"}  # takes the arguments of Keras' Muon, as Keras does
CALLED = [*sorted(FUNCTIONS.keys() - SLOW - KERAS_OWN), *OF_MODELS]


def small(**changes):
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]}, **changes)
    model.compile("adam", run_eagerly=True)
    return model


@pytest.fixture(autouse=True, scope="module")
def in_a_folder_of_their_own(tmp_path_factory):
    """Some of the values are names of folders, where a dataset is then prepared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("values"))
        yield


@pytest.fixture(scope="module")
def models():
    return {"VAE": small(), "conditional": small(classes=3)}


def function_of(name, models):
    owner, _, method = name.partition(".")
    return getattr(models[owner], method) if owner in models and method else FUNCTIONS[name]


def right(name, parameter, models):
    """A right value of a parameter that has no default, by its name."""
    if parameter == "inner_optimizer":
        return keras.optimizers.Adam()
    owner = models[name.partition(".")[0]] if name.partition(".")[0] in models else models["VAE"]
    values = {
        **dict.fromkeys(("data", "x", "images", "others", "samples", "training", "test"), X),
        "encoder": owner.encoder,
        "decoder": owner.decoder,
        "model": owner,
        "z": np.zeros([4, 2], "float32"),
        "y": None if owner.classes is None else np.array([0, 1, 2, 0]),
        "label": None if owner.classes is None else np.array([0, 1, 2, 0]),
        "count": 4,
        "seed": 0,
        "index": [0, 1],
        "temperature": 1.0,
        "preset": "digits_mlp",
        "name": "digits",
        "folder": "a_folder",
        "directory": "a_folder",
        "factors": {"a": np.array([0, 1, 0, 1])},
        "thresholds": [],
        "means": [[0.0, 0.0]],
        "stddevs": [[1.0, 1.0]],
        "limit": 1.0,
        "strategy": tf.distribute.get_strategy(),
        "values": {},
    }
    return values[parameter]


def batches(*parts):
    return tf.data.Dataset.from_tensors(parts if len(parts) > 1 else parts[0])


WRONG = {
    **{repr(value): (lambda value=value: value) for value in (None, True, "x", "", b"x", "\ud800", "a\0b", -1, 0, 1.5)},
    **{str(value): (lambda value=value: value) for value in (1j, float("nan"), float("inf"), -float("inf"), 10**30)},
    "huge": lambda: 10**400,
    "digits beyond Python's limit": lambda: 10**5000,
    "object": object,
    "class": lambda: dict,
    "function": lambda: lambda: None,
    "error": lambda: ValueError("two\nlines"),
    "path": lambda: Path("no/such/path"),
    "generator": lambda: (number for number in range(2)),
    **{
        repr(value): (lambda value=value: value)
        for value in ([], {}, (), {1}, [1, "a"], [[1], [1, 2]], {"a": 1}, [None])
    },
    "a number in an array": lambda: np.array(3),
    "a vector": lambda: np.zeros(3, "float32"),
    "many numbers": lambda: np.zeros([300, 3], "float32"),
    "no images": lambda: X[:0],
    "images without channels": lambda: X[..., 0],
    "higher images": lambda: np.zeros([4, 9, 8, 1], "float32"),
    "images in colour": lambda: np.zeros([4, 8, 8, 3], "float32"),
    "fewer images": lambda: X[:3],
    "masked images": lambda: np.ma.masked_array(X, X > 0),
    **{
        f"images of {dtype}": (lambda dtype=dtype: X.astype(dtype))
        for dtype in ("uint8", "int64", "bool", "U", "O", "c8")
    },
    "images of NaN": lambda: X * np.nan,
    "images up to 255": lambda: X * 255,
    "words": lambda: np.array(["a", "b", "c", "d"]),
    "dates": lambda: np.zeros(4, "datetime64[s]"),
    "records": lambda: np.zeros(4, [("a", "f4")]),
    "pair of images": lambda: (X, X),
    "images and words": lambda: (X, np.array(["a"] * 4)),
    "images by name": lambda: {"image": X},
    "sparse": lambda: tf.sparse.from_dense(X),
    "ragged": lambda: tf.ragged.constant([[1.0], [1.0, 2.0]]),
    "text tensor": lambda: tf.constant(["a"]),
    "symbol": lambda: keras.Input((8, 8, 1)),
    "layer": lambda: keras.layers.Dense(3),
    "other model": lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
    "dataset of words": lambda: batches("a"),
    "dataset of none": lambda: batches(X).take(0),
    "dataset of single images": lambda: batches(X).unbatch(),
    "dataset by name": lambda: batches({"image": X}),
    "dataset of sparse ones": lambda: batches(tf.sparse.from_dense(X)),
    "dataset of bytes": lambda: batches(X.astype("uint8")),
    "dataset of images and words": lambda: batches(X, np.array(["a"] * 4)),
}
for module, make in {
    "pandas": lambda pandas: pandas.DataFrame({"a": ["x"]}),
    "torch": lambda torch: torch.zeros(2, 3, requires_grad=True),
    "scipy.sparse": lambda sparse: sparse.eye(3),
    "PIL.Image": lambda image: image.new("L", (8, 8)),
}.items():
    WRONG[module] = lambda module=module, make=make: make(pytest.importorskip(module))


@functools.cache
def wrong_values():
    """The values by kind, without those of modules that are not installed."""
    found = {}
    for kind, make in WRONG.items():
        with contextlib.suppress(pytest.skip.Exception):
            found[kind] = make()
    return found


def parameters_of(function):
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) and parameter.name != "self":
            yield parameter


def cases():
    for name in CALLED:
        owner, _, method = name.partition(".")
        model_class = {"VAE": keras_vae.VAE, "conditional": keras_vae.VAE}.get(owner)
        function = getattr(model_class, method) if model_class and method else FUNCTIONS[name]
        for parameter in parameters_of(function):
            if parameter.name not in OF_KERAS and (name, parameter.name) != ("optimizers.SkipLargeGradients", "name"):
                yield name, parameter.name


def call(name, models, /, **wrong):
    """Call with right values but for some; return what is not right about what comes of it, if anything."""
    function = function_of(name, models)
    parameters = list(parameters_of(function))
    arguments = {each.name: right(name, each.name, models) for each in parameters if each.default is each.empty}
    if name.startswith("conditional"):
        arguments |= {each.name: right(name, each.name, models) for each in parameters if each.name in ("y", "label")}
    try:
        made = function(**(arguments | wrong))
    except (ValueError, TypeError) as error:
        said = str(error)
        return None if in_our_form(said) else f"{type(error).__name__}: {said[:200]!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]!r}"
    return None if is_right(made) else f"returned {made!r:.200}"


def in_our_form(message):
    return "\n" not in message and re.search(r"\S: expected \S", message) and len(message) < 700


def is_right(made):
    """Whether what was made can be used: a part is what its configuration says, numbers are no NaN."""
    if hasattr(made, "get_config") and not isinstance(made, keras.Model):
        return type(made).from_config(made.get_config()).get_config() == made.get_config()
    return not (isinstance(made, np.ndarray) and made.dtype.kind == "f") or bool(np.isfinite(made).all())


@pytest.mark.parametrize(("name", "parameter"), list(cases()))
def test_wrong_values(models, name, parameter):
    found = {}
    for kind, value in wrong_values().items():
        if parameter in CALLED_BY_US and callable(value):
            continue
        if kind == "generator" and name.endswith((".fit", ".evaluate", ".predict")):
            continue  # Keras takes its first batch, and says itself what it is not
        if wrong := call(name, models, **{parameter: value}):
            found[kind] = wrong
    assert not found, "\n".join(f"{kind}: {wrong}" for kind, wrong in found.items())


# What an export takes of the values that are wrong elsewhere; of data, a model without classes ignores the labels.
BATCHES = {"None", "fewer images", "pair of images", "images and words", "dataset of images and words"}
EMPTY = {"[]", "{}", "()", "no images", "dataset of none"}  # each a list of no purposes
TAKEN_BY_AN_EXPORT = {
    "model": set(),
    "directory": {"'x'", "path"},
    **dict.fromkeys(("representative_data", "test_data", "normal_data"), BATCHES),
    "metrics": {"None", "{}", "{'a': 1}"},
    "false_alarm_rate": set(),
    "purposes": EMPTY,
}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        *(("VAE", parameter) for parameter in TAKEN_BY_AN_EXPORT),
        *(("conditional", parameter) for parameter in ("representative_data", "test_data", "normal_data")),
    ],
)
def test_wrong_values_for_an_export(models, name, parameter, tmp_path, monkeypatch):
    """All is checked before anything is computed and before the folder comes into being."""

    class Accepted(BaseException):
        """Raised where the work begins."""

    def begin(*arguments):
        raise Accepted

    monkeypatch.setattr(bundle.golden, "golden_values", begin)
    monkeypatch.chdir(tmp_path)
    right = {"model": models[name], "directory": "bundle"}
    taken, found = set(), {}
    for kind, make in WRONG.items():
        try:
            value = make()
            bundle.export_bundle(**{**right, parameter: value})
            found[kind] = "returned"
        except pytest.skip.Exception:  # of a module that is not installed
            continue
        except Accepted:
            taken.add(kind)
        except Exception as error:
            if not (isinstance(error, (ValueError, TypeError)) and in_our_form(str(error))):
                found[kind] = f"{type(error).__name__}: {str(error)[:200]!r}"
        if left := [path.name for path in tmp_path.iterdir()]:
            found[kind] = f"left {left}"
    assert not found, "\n".join(f"{kind}: {wrong}" for kind, wrong in found.items())
    assert taken == ({"None"} if name == "conditional" else TAKEN_BY_AN_EXPORT[parameter])


def test_every_parameter_of_an_export_is_tried():
    assert {parameter.name for parameter in parameters_of(bundle.export_bundle)} == {*TAKEN_BY_AN_EXPORT}


# What `compile` takes of these values; some of the names are Keras' own, which come by **kwargs.
TAKEN_BY_COMPILE = {
    **{name: {"None"} for name in ("loss", "metrics", "weighted_metrics", "loss_weights")},
    **{name: {"True"} for name in ("run_eagerly", "auto_scale_loss", "jit_compile")},
    "steps_per_execution": set(),
    "optimizer": set(),
    "skip_gradients_above": {"None", "1.5", "inf", "1000000000000000000000000000000"},
}


@pytest.fixture(scope="module")
def to_compile():
    return small()


@pytest.mark.parametrize("parameter", TAKEN_BY_COMPILE)
def test_wrong_values_for_compile(to_compile, parameter):
    taken, found = set(), {}
    for kind, value in wrong_values().items():
        try:
            to_compile.compile(**{parameter: value})
            taken.add(kind)
        except (ValueError, TypeError) as error:
            if not in_our_form(str(error)):
                found[kind] = f"{type(error).__name__}: {str(error)[:200]!r}"
        except Exception as error:
            found[kind] = f"{type(error).__name__}: {str(error)[:200]!r}"
    assert not found, "\n".join(f"{kind}: {wrong}" for kind, wrong in found.items())
    assert taken == TAKEN_BY_COMPILE[parameter]


def test_every_parameter_of_compile_is_tried():
    """Ours and, by **kwargs, Keras'."""
    ours, of_keras = (
        {parameter.name for parameter in parameters_of(model_class.compile)}
        for model_class in (keras_vae.VAE, keras.Model)
    )
    assert ours | of_keras == {*TAKEN_BY_COMPILE}


def test_an_unknown_argument_is_named(models):
    """In Python's words or Keras', which are one line and name it: ours would say the same a second way."""
    others = {"VAE.from_preset", "VAE.export"}  # which names settings; of which Keras hands on what it does not know
    functions = {*FUNCTIONS, *(f"VAE.{name}" for name in (*METHODS, *PASSED_ON, "compile"))} - others
    found = {}
    for name in sorted(functions):
        function, images = function_of(name, models), {"x": X} if name in ("VAE.fit", "VAE.evaluate") else {}
        required = [each.name for each in parameters_of(function) if each.default is each.empty]
        values = {each: "a_file" if each == "filepath" else right(name, each, models) for each in required}
        try:
            function(**values, **images, no_such=1)
            found[name] = "took it"
        except (ValueError, TypeError) as error:
            message = str(error)
            if "\n" in message or not ("no_such" in message or message.endswith("() takes no arguments")):
                found[name] = message
    assert not found
    assert not Path("a_file").exists()


@pytest.mark.parametrize("model_class", [keras_vae.VAE, keras_vae.Autoencoder])
def test_an_unknown_change_of_a_preset_is_named_with_those_that_there_are(model_class):
    with pytest.raises(ValueError, match="setting of preset 'digits_mlp' is 'no_such': expected one of classes"):
        model_class.from_preset("digits_mlp", no_such=1)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(data=st.data())
def test_any_array_for_images(models, data):
    dtypes = st.one_of(
        arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.boolean_dtypes(), arrays.complex_number_dtypes()
    )
    shapes = st.one_of(arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=9), st.just((2, 8, 8, 1)))
    images = data.draw(arrays.arrays(dtypes, shapes))
    for name in ("VAE.encode", "VAE.reconstruct", "VAE.train_on_batch", "evaluate"):
        assert not call(name, models, **{"data" if name == "evaluate" else "x": images})


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    value=st.one_of(
        st.floats(), st.integers(), st.booleans(), st.text(), st.binary(), st.complex_numbers(), st.fractions()
    ),
    case=st.sampled_from(
        [case for case in cases() if "." in case[0] and case[0].split(".")[0] not in ("VAE", "conditional")]
    ),
)
def test_any_number_for_a_part(models, value, case):
    name, parameter = case
    assert not call(name, models, **{parameter: value})
