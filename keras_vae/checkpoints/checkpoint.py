"""Checkpoints of a training, from which a killed one goes on bit for bit."""

from __future__ import annotations

import importlib.metadata
import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from keras_vae.checkpoints.facts import check_facts
from keras_vae.checkpoints.fast_forward import FastForward
from keras_vae.checkpoints.folder import Saved, checkpoints_in, identify, newest_whole, save
from keras_vae.checkpoints.preemption import Preempted, Preemption
from keras_vae.checkpoints.state import check_fits, describe, describe_strategy, put_state, settings_of, take_state
from keras_vae.checks.kind import as_path, check_kind
from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.files.places import check_folder_place
from keras_vae.models.faults import UNUSABLE
from keras_vae.multi_device.collectives import all_gather_object, any_worker, failing_together, is_chief

# Without `every`: this bounds what a kill can cost, and keeps the cost of writing well below a percent.
SECONDS = 60.0
PACKAGES = ("keras_vae", "tensorflow", "keras", "numpy")


class Stateful(Protocol):
    """A callback with a state of its own beside the model's variables, in JSON's types."""

    def get_state(self) -> dict[str, Any]:
        """Return the state."""
        ...

    def set_state(self, state: dict[str, Any]) -> None:
        """Take a state that `get_state` returned; called after `on_train_begin`."""


class Checkpoint(keras.callbacks.Callback):
    """Saves the complete state of training, so that training that was killed can continue with the same result.

    A checkpoint holds every variable of the model and its optimizer, the running means of the epoch, the position in
    the data and the history so far. It is written under a temporary name, then renamed. It ends with a SHA-256. The
    previous checkpoint is kept. Checkpoints are written between groups of `steps_per_execution` steps (32 by default),
    and after the last epoch. When and how often they are written does not change the result.

    The data must be a function of the epoch, as `keras_vae.load_dataset` is with `first_epoch`; so leave out
    `steps_per_epoch`, by which an epoch could begin anywhere in the data. Put this callback last in the list, so that
    it runs after the others. With several workers, the chief writes the checkpoints and all workers resume from them,
    so the folder must be visible to all of them.

    Args:
        folder: folder for the checkpoints of this training run only.
        every: number of training steps between checkpoints; by default one is written about every minute.
        about: further values to store in each checkpoint, of JSON's types; none by default.
        also: callbacks, by name, whose state is stored as well; none by default.
        preemption: an object that says whether training should end; if so, a checkpoint is written and `Preempted` is
            raised. None by default.
        note: a function that is called with one line of text for each checkpoint that is damaged, of another version or
            of a model made or compiled otherwise; `warnings.warn` by default.

    Raises:
        ValueError: if `every` is below 1.

    Example:
        The same lines start a training and continue it:

        >>> import tempfile, keras_vae
        >>> model = keras_vae.VAE.from_preset("digits_mlp", network={"hidden": [8]})
        >>> model.compile("adam")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for epochs in (1, 2):  # as if killed after the first
        ...         checkpoint = keras_vae.Checkpoint(folder, every=500)
        ...         epoch = checkpoint.resume(model)
        ...         train = keras_vae.load_dataset("digits", seed=3, first_epoch=epoch)
        ...         history = model.fit(train, initial_epoch=epoch, epochs=epochs, verbose=0, callbacks=[checkpoint])
        ...         print("began at epoch", epoch, "and has", len(history.history["loss"]))
        began at epoch 0 and has 1
        began at epoch 1 and has 2
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: int | None = None,
        *,
        about: Mapping[str, Any] | None = None,
        also: Mapping[str, Stateful] | None = None,
        preemption: Preemption | None = None,
        note: Callable[[str], object] = warnings.warn,
    ) -> None:
        super().__init__()
        for name, given in (("about", about), ("also", also)):
            check_kind(name, given, (Mapping, NoneType), "a dict by name; leave it out for nothing")
        check_kind("preemption", preemption, (Preemption, NoneType), "a Preemption; leave it out for none")
        check_kind("note", note, Callable, "a function of a line of text")
        self.folder: Path = as_path("folder", folder)
        self.every = None if every is None else whole_number("every", every, 1)
        self.note = note
        self.about: dict[str, Any] = dict(about or {})
        self.also: dict[str, Stateful] = dict(also or {})
        self.preemption = preemption
        self._forget()

    def _forget(self) -> None:
        self._read: Saved | None = None
        self._resumed: Saved | None = None
        self._last: Path | None = None
        self._settings: dict[str, Any] | None = None
        self._rows: dict[str, list[float]] = {}
        self._epoch = self._batch = self._steps_then = 0

    def read(self) -> Saved | None:
        """Return the newest complete checkpoint of the folder, or None if there is none; it fails as `resume` does."""
        if self._read is None:
            self._read = newest_whole(self.folder, self.note)
            if self._read is not None:
                check_facts(self._read.facts, self._read.path)
        return self._read

    def resume(self, model: keras.Model) -> int:
        """Load the newest complete checkpoint into a model.

        Args:
            model: a model that is built and compiled as before.

        Returns:
            The epoch to continue with, counted from 0: the `initial_epoch` of `fit` and the `first_epoch` of the data.
            0 and an untouched model if there is no checkpoint yet. `fit` skips the batches of that epoch that were
            already used.

        Raises:
            ValueError: if the checkpoint is from another model, none is complete, or workers see different checkpoints.
            OSError: if the folder cannot be read.
        """
        strategy = model.distribute_strategy
        with failing_together(strategy):
            saved = self.read()
        self._check_seen_by_all(saved, strategy)
        self._forget()
        if saved is None:
            return 0
        check_fits(model, saved.facts["training"], saved.state, saved.path)
        if (then := saved.facts.get("strategy")) not in (None, now := describe_strategy(strategy)):
            self.note(f"note: {saved.path.name} was written on {then}, this is {now}: the same up to the order of sums")
        self._settings = settings_of(model)
        for name, then in saved.facts.get("settings", {}).items():
            if then != (now := self._settings.get(name)):
                kept = "the former is kept" if name.endswith(".learning_rate") else "training goes on with the latter"
                self.note(
                    f"note: {saved.path.name} was written with {name} {shown(then)}, this is {shown(now)}: {kept}"
                )
        for name, version in saved.facts["versions"].items():
            if name in PACKAGES and version != (now := importlib.metadata.version(name)):
                self.note(
                    f"note: {saved.path.name} was written with {name} {version}, this is {now}: last bits may differ"
                )
        if missing := sorted(self.also.keys() - saved.facts["also"].keys()):
            raise ValueError(
                f"{saved.path} has no saved state of {', '.join(missing)}: expected one of each callback in `also`; "
                "leave these out"
            )
        put_state(model, saved.state)
        self._resumed, self._last = saved, saved.path
        self._rows = {name: list(values) for name, values in saved.facts["history"].items()}
        self._epoch, self._batch = saved.facts["epoch"], saved.facts["batch"]
        return self._epoch

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Begin where the checkpoint was written."""
        check_folder_place("folder", self.folder)
        FastForward.take_away(self.model)
        self._steps = self.params["steps"]
        if self._steps is None:
            raise ValueError(
                "the data has no known number of batches: expected one; apply tf.data.experimental.assert_cardinality"
            )
        self._written_at = time.monotonic()
        self._steps_then = self._steps_done()
        self._settings = self._settings or settings_of(self.model)
        if self._resumed is None:
            if checkpoints_in(self.folder):
                raise ValueError(
                    f"{self.folder} holds checkpoints: expected none without a resume; call resume(model) first, or "
                    "choose another folder"
                )
            return
        path, facts, _ = self._resumed
        if facts["steps"] != self._steps:
            raise ValueError(
                f"{path} is from another training run, whose epochs have {facts['steps']} batches: expected "
                f"{self._steps}; use the same data and batch size"
            )
        self.model.history.history.update({name: list(values) for name, values in self._rows.items()})
        self._restore()
        if self._batch:
            FastForward(self.model, self._batch, self._restore)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Check that Keras goes on with the right epoch."""
        if epoch != self._epoch:
            raise ValueError(f"initial_epoch is {epoch}: expected {self._epoch}, which resume(model) returned")

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Save if it is time."""
        done = min(batch + 1, self._steps)
        if done > self._batch:
            self._batch = done
            self._save_if(self._due())
        elif done == self._batch:  # the last call that only passed over batches already seen: here the state was taken
            self._restore()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Hold the state before validation, which uses the running means for itself."""
        if self.preemption:
            self._before_validation = take_state(self.model)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Save what was before validation if the process must end."""
        if self.preemption:
            self._save_if(False, self._before_validation)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch's row of the history; save if it is time or the training ends."""
        for name, value in (logs or {}).items():
            self._rows.setdefault(name, []).append(value)
        self._epoch, self._batch = epoch + 1, 0
        self._save_if(self._due() or self._epoch == self.params["epochs"] or self.model.stop_training)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Give Keras' History the epochs of the earlier processes too; expect `resume` before the next training."""
        self.model.history.epoch = list(range(self._epoch))
        self._forget()

    def _check_seen_by_all(self, saved: Saved | None, strategy: tf.distribute.Strategy) -> None:
        seen = all_gather_object(strategy, identify(saved))
        if len(set(seen.values())) > 1:
            raise ValueError(
                f"workers see different checkpoints in {self.folder} ("
                + "; ".join(f"{worker}: {checkpoint}" for worker, checkpoint in seen.items())
                + "): expected the same everywhere; give them one folder that all of them share"
            )

    def _restore(self) -> None:
        put_state(self.model, self._resumed.state)
        for name, callback in self.also.items():
            callback.set_state(self._resumed.facts["also"][name])

    def _steps_done(self) -> int:
        return self._epoch * self._steps + self._batch

    def _due(self) -> bool:
        if self.every is None:
            return time.monotonic() - self._written_at >= SECONDS
        steps_then, self._steps_then = self._steps_then, self._steps_done()
        return self._steps_then // self.every > steps_then // self.every

    def _save_if(self, due: bool, state: list[np.ndarray] | None = None) -> None:
        strategy = self.model.distribute_strategy
        asked = self.preemption is not None and self.preemption.asked
        asked, due = any_worker(strategy, (asked, due))
        if not (due or asked) or self._went_wrong():
            return
        state = state or take_state(self.model)
        with failing_together(strategy):
            if is_chief(strategy):
                self._last = save(self.folder, self._steps_done(), self._all_facts(), state, self._last)
        self._written_at = time.monotonic()
        if asked:
            raise Preempted(*([self.preemption.number] if self.preemption else []))

    def _went_wrong(self) -> bool:
        """Whether the model noted what `TerminateOnDivergence` is about to refuse."""
        faults = getattr(self.model, "faults", None)
        return faults is not None and bool({*UNUSABLE, "loss"} & set(faults.told()))

    def _all_facts(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "epoch": self._epoch,
            "batch": self._batch,
            "steps": self._steps,
            "history": self._rows,
            "also": {name: callback.get_state() for name, callback in self.also.items()},
            "training": describe(self.model),
            "settings": self._settings,
            "strategy": describe_strategy(self.model.distribute_strategy),
            "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        }
