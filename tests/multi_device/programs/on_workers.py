"""One worker of several, its place in TF_CONFIG: trainings to hold against one replica's; prints JSON."""

import json
import os
import tempfile

import numpy as np

from keras_vae.multi_device.strategies import get_strategy

strategy = get_strategy("multi_worker")

import cases  # noqa: E402

from keras_vae.multi_device.collectives import assert_same_on_workers  # noqa: E402

index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]


def message(function):
    try:
        function()
    except ValueError as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def shuffled_array():
    with strategy.scope():
        model = cases.compiled("sgd")
    model.fit(cases.images(), verbose=0)


def pixels_of_one_worker():
    """Only the last row of step 7, the last worker's, is bad: all workers must stop."""
    data = cases.images()
    data[7 * cases.BATCH + cases.BATCH - 1] = 2.0
    with strategy.scope():
        model = cases.compiled("sgd")
    model.fit(cases.batches(data), verbose=0)


def saved():
    """Each worker saves for itself; what one saved, a process without a strategy can load."""
    import keras

    with strategy.scope():
        model = cases.compiled("adam")
    model.fit(cases.batches(), verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        alone = keras.models.load_model(f"{folder}/model.keras")
    return max(float(np.abs(a - b).max()) for a, b in zip(model.get_weights(), alone.get_weights(), strict=True))


def weighted():
    one = cases.compiled("sgd")
    with strategy.scope():
        many = cases.compiled("sgd")
    return cases.differences(*(cases.outcome(model, cases.weighted_batches()) for model in (one, many)))


def in_steps():
    """For 7 and 32 steps a call."""
    found = {}
    for case in ("sgd", "many_steps_a_call"):
        with strategy.scope():
            many, numbers = cases.in_steps(case)
        found[case] = {**cases.differences(cases.in_a_row(), many), "numbers": numbers}
    return found


results = {
    "in_steps": in_steps(),
    "weighted": weighted(),
    "replicas": strategy.num_replicas_in_sync,
    "sgd": cases.compare("sgd", strategy),
    "compiled": cases.compare("compiled", strategy),
    "global_clipnorm": cases.compare("global_clipnorm", strategy),
    "skipping": cases.compare("skipping", strategy),
    "same": message(lambda: assert_same_on_workers(strategy, {"keras": "3.15.1", "seed": 3})),
    "differ": message(lambda: assert_same_on_workers(strategy, {"keras": f"3.{index}", "seed": 3, f"only{index}": 1})),
    "shuffled_array": message(shuffled_array),
    "pixels": message(pixels_of_one_worker),
    "saved": saved(),
}
print("RESULTS " + json.dumps(results), flush=True)
