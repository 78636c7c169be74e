"""Before `fit`: the images and the model that the settings ask for."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from keras_vae import registry
from keras_vae.checks.memory import check_fits_memory
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.labels import classes_and_names, renumber
from keras_vae.data.load import is_path, load_arrays
from keras_vae.models.vae import VAE
from keras_vae.multi_device.collectives import failing_together, is_chief, worker_count
from keras_vae.multi_device.replica_checks import with_inner_optimizers
from keras_vae.multi_device.sharding import check_batch_size
from keras_vae.presets.read import default_preset, read_preset
from keras_vae.presets.shared import is_shared, settings_to_train_on
from keras_vae.runs.settings import PARTS, Settings


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What a training begins with.

    Attributes:
        settings: completed ones.
        arrays: the images of the splits "train" and "test", with the model's numbers for their classes.
        model: the one to train, compiled, in the scope of its strategy and under its dtype policy.
        eval_model: the one to judge, draw and save: on a single device, in float32; `model` itself if it is such.
    """

    settings: Settings
    arrays: dict[str, ImageArrays]
    model: VAE
    eval_model: VAE

    def take_training(self) -> VAE:
        """Return `eval_model` with the weights, counters and optimizer's state of the trained `model`.

        All of these are float32 or counts under every policy.
        """
        if self.eval_model is not self.model:
            _compile(self.eval_model, self.settings, len(self.arrays["train"]))
            optimizers = (with_inner_optimizers(each.optimizer)[-1] for each in (self.model, self.eval_model))
            for source, target in ((self.model, self.eval_model), tuple(optimizers)):
                for value, variable in zip(source.variables, target.variables, strict=True):
                    variable.assign(value.numpy())
        return self.eval_model


def load_splits(settings: Settings, strategy: tf.distribute.Strategy) -> dict[str, ImageArrays]:
    """Load both splits, the chief first: so one worker prepares the data where all share a disk."""
    arrays: dict[str, ImageArrays] = {}
    for turn in (True, False) if worker_count(strategy) > 1 else (True,):
        with failing_together(strategy):
            if is_chief(strategy) == turn:
                arrays["train"] = load_arrays(settings.dataset, "train", **settings.data_arguments())
                shape = arrays["train"].image_shape
                arrays["test"] = load_arrays(settings.dataset, "test", **settings.data_arguments(shape))
    return arrays


def prepare(settings: Settings, arrays: dict[str, ImageArrays], strategy: tf.distribute.Strategy) -> Prepared:
    """Build the model that the settings and the images ask for, and compile it.

    The optimizer is Adam, its learning rate falling to zero along half a cosine, or Muon, whose rate first rises over
    100 steps, or a tenth of all.

    Args:
        settings: what to train; the preset's choices are filled in.
        arrays: the images of the splits "train" and "test".
        strategy: where to train.

    Raises:
        ValueError: settings that do not fit each other or the images.
    """
    train = arrays["train"]
    dataset = settings.dataset if not is_path(settings.dataset) else "a folder"
    default = default_preset(dataset, train.image_shape)
    preset = default if settings.preset is None else settings.preset
    recipe = settings_to_train_on(preset, read_preset(default)) if is_shared(preset) else read_preset(preset)
    settings = settings.completed(preset, recipe)
    # whether or not --conditional repeats it: a trained model has classes in an order of their own
    _, names = classes_and_names(recipe.get("classes"))
    arrays = {split: renumber(images, str(settings.dataset), names) for split, images in arrays.items()}
    train = arrays["train"]
    check_batch_size(settings.batch_size, strategy)
    with strategy.scope(), dtype_policy(settings.precision):
        model = _build(settings, train)
        _check_memory(model, settings, len(train), strategy)
        _compile(model, settings, len(train))
    single_device = model.strategy is None and settings.precision == "float32"
    return Prepared(settings, arrays, model, model if single_device else _build(settings, train))


def _build(settings: Settings, images: ImageArrays) -> VAE:
    objective = registry.get("objective", settings.objective)
    if isinstance(settings.objective, str):
        objective = objective.adapt(len(images), _steps(settings, len(images)))
    model = VAE.from_preset(
        settings.preset,
        image_shape=images.image_shape,
        latent_dim=settings.latent_dim,
        classes=_classes(images) if settings.conditional else None,
        seed=settings.seed,
        objective=objective,
        **{part: getattr(settings, part) for part in PARTS if part != "objective"},
    )
    if not is_shared(settings.preset):  # which comes with a trained prior
        model.prior.adapt(images.images, settings.seed)
    return model


def _check_memory(model: VAE, settings: Settings, images: int, strategy: tf.distribute.Strategy) -> None:
    """Refuse what the processor cannot train, by what is held at once at the least.

    These are the weights with Adam's two means of each, and for the gradient what every layer with weights gave out.
    """
    if tf.config.list_physical_devices("GPU"):
        return  # TensorFlow tells how much they hold by failing
    layers = [layer for network in (model.encoder, model.decoder) for layer in network.layers if layer.weights]
    weights = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    outputs = sum(math.prod(layer.output.shape[1:]) for layer in layers)
    batch = min(settings.batch_size, images) / worker_count(strategy)
    check_fits_memory(
        f"a training of {weights} weights with batch_size {settings.batch_size} on images of "
        f"{' x '.join(map(str, model.image_shape))}",
        3 * 4 * weights + batch * outputs * (4 if settings.precision == "float32" else 2),
        "lower --batch-size, --image-size or --latent-dim",
    )


def _compile(model: VAE, settings: Settings, images: int) -> None:
    with model.scope():
        model.compile(_optimizer(settings, _steps(settings, images)))


def _optimizer(settings: Settings, steps: int) -> keras.optimizers.Optimizer:
    make, rate = registry.load("optimizer", settings.optimizer), settings.learning_rate
    if settings.optimizer != "muon":
        return make(keras.optimizers.schedules.CosineDecay(rate, steps))
    rising = max(1, min(100, steps // 10))
    falling = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - rising), warmup_target=rate, warmup_steps=rising
    )
    # Tables of a mixture and pseudo-inputs are no matrices of a layer.
    options = {"adam_lr_ratio": 0.2, "momentum": 0.9, "exclude_layers": ["mixture", "vamp"]}
    return make(falling, weight_decay=0.0, adam_weight_decay=0.0, **options)


def _steps(settings: Settings, images: int) -> int:
    return settings.epochs * math.ceil(images / settings.batch_size)


def _classes(images: ImageArrays) -> int | tuple[str, ...]:
    """The names of a conditional model's classes, or how many there are."""
    if images.labels is None:
        raise ValueError(
            "conditional is True, but the images have no classes: expected labels; leave out --conditional"
        )
    return images.class_names or int(images.labels.max()) + 1


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Give networks made and compiled in the block a Keras dtype policy, such as "mixed_bfloat16".

    Example:
        >>> with dtype_policy("mixed_bfloat16"):
        ...     keras.layers.Dense(3).compute_dtype
        'bfloat16'
        >>> keras.layers.Dense(3).compute_dtype
        'float32'
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
