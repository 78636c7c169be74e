"""Training in two real processes on loopback is the training in one."""

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["sgd", "compiled", "global_clipnorm", "skipping", "weighted"])
def test_two_workers_train_as_one(on_workers, name):
    for results in on_workers:
        assert results["replicas"] == 2
        assert all(difference < 1e-6 for difference in results[name].values()), results[name]
    assert {"evaluate", "predict"} <= set(on_workers[0]["sgd"])


@pytest.mark.parametrize(
    ("case", "train", "validation"), [("sgd", [6, 10], [6, 8]), ("many_steps_a_call", [10], [8])], ids=["7", "32"]
)
def test_two_workers_take_the_steps_asked_for(on_workers, case, train, validation):
    for results in on_workers:
        differences = {**results["in_steps"][case]}
        assert differences.pop("numbers") == {"train": train * 2, "validation": validation * 2}
        assert all(difference < 1e-6 for difference in differences.values()), differences


def test_workers_of_one_mind_pass(on_workers):
    assert [results["same"] for results in on_workers] == ["no error"] * 2


def test_workers_that_differ_are_told_in_what(on_workers):
    for results in on_workers:
        assert results["differ"].startswith('ValueError: workers differ in keras: worker 0: "3.0"; worker 1: "3.1"')
        assert "\n" not in results["differ"]


def test_an_array_that_each_would_shuffle_is_refused(on_workers):
    assert all("expected a tf.data.Dataset shuffled with a seed" in results["shuffled_array"] for results in on_workers)


def test_bad_pixels_of_one_worker_stop_both(on_workers):
    assert all(
        results["pixels"].startswith("TrainingDiverged: the images of step 7 hold pixels") for results in on_workers
    )


def test_what_a_worker_saves_loads_without_a_strategy(on_workers):
    assert [results["saved"] for results in on_workers] == [0, 0]
