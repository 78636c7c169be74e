"""The code of the guide on trackers runs, each tracker's where it is installed: they are the extra `trackers`."""

import re

import pytest

from tests.docs.blocks import DOCS, blocks

PAGE = DOCS / "guides/trackers.md"
# A tracker's heading, what its code imports, and what it leaves behind.
TRACKERS = {
    "TensorBoard": ("tensorboard", "logs/validation/events.out.tfevents.*"),
    "Weights & Biases": ("wandb", "wandb/offline-run-*/run-*.wandb"),
    "MLflow": ("mlflow", "mlruns/0/*/metrics/test_elbo"),
    "Keras Tuner": ("keras_tuner", "tuner/untitled_project/trial_1/trial.json"),
}


def shorter(code):
    return re.sub(r"epochs=\d+", "epochs=1", code).replace("max_trials=10", "max_trials=2")


def test_each_tracker_of_the_guide_is_here():
    assert re.findall(r"^## (.*)$", PAGE.read_text("utf-8"), re.M) == list(TRACKERS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("title", TRACKERS)
def test_the_code_of_a_tracker_runs(title, tmp_path, monkeypatch):
    module, written = TRACKERS[title]
    pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    headings = [match.start() for match in re.finditer("^## ", PAGE.read_text("utf-8"), re.M)]
    number = list(TRACKERS).index(title)
    lines = [PAGE.read_text("utf-8").count("\n", 0, start) for start in [*headings, -1]]
    namespace = {"__name__": "page"}
    for block in blocks(PAGE):
        if block.line < lines[0] or lines[number] < block.line < lines[number + 1]:
            exec(compile("\n" * block.line + shorter(block.code), str(PAGE), "exec"), namespace)
    assert list(tmp_path.glob(written)), f"{title} wrote nothing at {written}"
