"""Compare trainings on one replica with those on N virtual processors; prints JSON. Arguments: N, then cases."""

import json
import sys
import warnings

import keras
import numpy as np
import tensorflow as tf

replicas, names = int(sys.argv[1]), sys.argv[2:]
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * replicas
)

import cases  # noqa: E402

from keras_vae.multi_device.sharding import shard_batch  # noqa: E402
from keras_vae.multi_device.strategies import get_strategy  # noqa: E402
from keras_vae.random.noise import TRAINING, normal  # noqa: E402

strategy = get_strategy("mirrored")
assert strategy.num_replicas_in_sync == replicas


def made_under(make):
    with strategy.scope():
        return make()


def array_input():
    """An array, with part of it for validation, and a batch by itself."""
    outcomes = []
    for make in (lambda: cases.compiled("sgd"), lambda: made_under(lambda: cases.compiled("sgd"))):
        model = make()
        fit = model.fit(cases.images(), batch_size=cases.BATCH, shuffle=False, validation_split=0.1, verbose=0)
        trained, tested = (on_batch(cases.images()[:7]) for on_batch in (model.train_on_batch, model.test_on_batch))
        outcomes.append(
            {
                "weights": model.get_weights(),
                "history": [np.float32(fit.history["val_loss"]), np.float32(trained), np.float32(tested)],
                "predict": [model.predict_on_batch(cases.images()[:7])],
            }
        )
    return cases.differences(*outcomes)


def labelled_input():
    data = tf.data.Dataset.zip(cases.batches(), tf.data.Dataset.range(1000).batch(cases.BATCH)).take(20)
    model = made_under(lambda: cases.compiled("sgd"))
    model.fit(data, verbose=0)
    return cases.differences({"weights": cases.on_one("sgd")["weights"]}, {"weights": model.get_weights()})


def weighted_input():
    """Weights of samples in a dataset, of a batch by itself, and of classes: in updates and in means."""
    outcomes = []
    weight = np.linspace(0, 2, 7).astype("float32")
    for make in (lambda: cases.compiled("sgd"), lambda: made_under(lambda: cases.compiled("sgd"))):
        model = make()
        outcome = cases.outcome(model, cases.weighted_batches())
        batch = (cases.images()[:7], None, weight)
        outcome["history"] += [np.float32(step(*batch)) for step in (model.train_on_batch, model.test_on_batch)]
        labelled = cases.weighted_batches().map(lambda x, label, weight: (x, label))
        by_class = model.fit(labelled, class_weight=dict.fromkeys(range(10), 0.5) | {3: 4.0}, verbose=0)
        outcome["history"] += [np.float32(by_class.history["loss"][0])]
        outcomes.append({**outcome, "weights": model.get_weights()})
    return cases.differences(*outcomes)


def in_steps():
    """For 1, 7 and 32 steps a call."""
    found = {}
    for case in ("one_step_a_call", "sgd", "many_steps_a_call"):
        many, numbers = made_under(lambda case=case: cases.in_steps(case))
        found[case] = {**cases.differences(cases.in_a_row(), many), "numbers": numbers}
    return found


def bad_weight():
    data = cases.weighted_batches().map(lambda x, y, w: (x, y, tf.where(tf.range(tf.size(w)) == 12, -1.0, w)))
    made_under(lambda: cases.compiled("sgd")).fit(data, verbose=0)


def noise():
    """Each replica's rows of a step's noise, ours and of Keras' SeedGenerator."""
    with strategy.scope():
        generator = keras.random.SeedGenerator(5)

    def drawn(sharded):
        x, shard = sharded
        ours = normal(5, TRAINING, 3, [1, tf.shape(x)[0], 2], rows=shard.rows)[0]
        return ours, keras.random.normal([3, 2], seed=generator)

    ours, stock = tf.function(lambda batch: strategy.run(drawn, args=(batch,)))(
        shard_batch(np.zeros([13, 1]), strategy)
    )
    whole = normal(5, TRAINING, 3, [1, 13, 2])[0].numpy()
    ours = np.concatenate([part.numpy() for part in strategy.experimental_local_results(ours)])
    stock = np.concatenate([part.numpy() for part in strategy.experimental_local_results(stock)])
    return {
        "ours_from_one_replica": float(np.abs(ours - whole).max()),
        "ours_distinct_rows": len(np.unique(ours, axis=0)),
        "stock_distinct_rows": len(np.unique(stock, axis=0)),
        "stock_rows": len(stock),
    }


def mixed(policy):
    """The losses of two epochs on one replica and on several, and whether all replicas end with the same weights."""
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        losses = []
        for make in (cases.dense, lambda: made_under(cases.dense)):
            model = make()
            with model.scope():
                model.compile(keras.optimizers.SGD(0.002), jit_compile=False, steps_per_execution=8)
            losses.append(model.fit(cases.batches(), epochs=2, verbose=0).history["loss"])
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    kept = [*model.trainable_weights, *model.optimizer.variables, model.step]
    copies = [[copy.numpy() for copy in strategy.experimental_local_results(weight.value)] for weight in kept]
    return {
        "one": losses[0],
        "many": losses[1],
        "copies": min(len(copy) for copy in copies),
        "copies_agree": all(np.array_equal(copy, first) for first, *others in copies for copy in others),
        "skipped": model.step.numpy().item() - model.optimizer.iterations.numpy().item(),
    }


def message(function):
    try:
        function()
    except ValueError as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def guarded(bad):
    data = cases.images()
    data[7 * cases.BATCH + cases.BATCH - 1, 2, 2, 0] = bad  # the last replica's row of step 7

    def train():
        model = made_under(lambda: cases.compiled("sgd"))
        model.fit(cases.batches(data), verbose=0)

    return message(train)


def made_outside():
    optimizer = keras.optimizers.SGD()
    made_under(cases.dense).compile(optimizer)


def accumulating():
    model = made_under(cases.dense)
    with strategy.scope():
        model.compile(keras.optimizers.SGD(gradient_accumulation_steps=2))


def small_batch():
    made_under(lambda: cases.compiled("sgd")).fit(cases.images(), batch_size=replicas - 1, verbose=0)


def small_dataset():
    data = tf.data.Dataset.from_tensor_slices(cases.images()).batch(replicas - 1, drop_remainder=True)
    made_under(lambda: cases.compiled("sgd")).fit(data, verbose=0)


def warned():
    """What is said of layers with noise or statistics of their own, and that they train."""
    said = {}
    for layer in (keras.layers.Dropout, keras.layers.BatchNormalization):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with strategy.scope():
                model = cases.own(between=[layer() if layer is not keras.layers.Dropout else layer(0.5)])
                model.compile(keras.optimizers.SGD(0.002), jit_compile=True)
            loss = model.fit(cases.batches(), verbose=0).history["loss"][0]
        said[layer.__name__] = [str(each.message) for each in caught if "replicas" in str(each.message)]
        said[layer.__name__ + " loss"] = loss
    return said


def saved():
    """A model saved under a strategy, loaded without one and under one."""
    import tempfile

    model = made_under(lambda: cases.compiled("adam"))
    model.fit(cases.batches(), verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        alone = keras.models.load_model(f"{folder}/model.keras")
        many = made_under(lambda: keras.models.load_model(f"{folder}/model.keras"))
    for each in (model, alone, many):
        each.fit(cases.batches(), verbose=0)
    return {
        "alone": cases.differences({"weights": model.get_weights()}, {"weights": alone.get_weights()})["weights"],
        "many": cases.differences({"weights": model.get_weights()}, {"weights": many.get_weights()})["weights"],
    }


OTHERS = {
    "array_input": array_input,
    "labelled_input": labelled_input,
    "weighted_input": weighted_input,
    "in_steps": in_steps,
    "bad_weight": lambda: message(bad_weight),
    "noise": noise,
    "mixed_bfloat16": lambda: mixed("mixed_bfloat16"),
    "mixed_float16": lambda: mixed("mixed_float16"),
    "guard_pixels": lambda: guarded(2.0),
    "guard_nan": lambda: guarded(float("nan")),
    "made_outside": lambda: message(made_outside),
    "accumulating": lambda: message(accumulating),
    "small_batch": lambda: message(small_batch),
    "small_dataset": lambda: message(small_dataset),
    "warned": warned,
    "saved": saved,
}

results = {name: cases.compare(name, strategy) if name in cases.CASES else OTHERS[name]() for name in names}
print("RESULTS " + json.dumps(results))
