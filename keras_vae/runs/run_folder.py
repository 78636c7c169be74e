"""The run folder: where a training's results stand, whole or not at all."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keras_vae.checkpoints.folder import checkpoints_in, remove_half_written
from keras_vae.checks.shown import first_line
from keras_vae.files.archives import check_unpacked_size
from keras_vae.files.digest import sha256
from keras_vae.files.disk_errors import could_not_write
from keras_vae.files.places import check_folder_place
from keras_vae.files.strict_json import read_json
from keras_vae.files.written_whole import written_whole
from keras_vae.runs.settings import Settings

MODEL, CHECKPOINT = "model.keras", "checkpoint.keras"
CONFIG, METRICS, HISTORY = "config.json", "metrics.json", "history.csv"
# The folder of the checkpoints that --resume goes on from, in the unfinished run.
CHECKPOINTS = "checkpoints"
_MEND = "train the run again, or restore the file"


def unfinished(output: Path) -> Path:
    """Return the folder beside `output` in which a run is written until it is whole.

    Example:
        >>> unfinished(Path("runs/digits")).as_posix()
        'runs/digits.unfinished'
    """
    output = output.resolve() if output.is_symlink() or not output.name else output
    return output.with_name(output.name + ".unfinished")


def how_to_go_on(output: Path) -> str:
    """Return what to do about an interrupted run, in a clause."""
    folder = unfinished(output) / CHECKPOINTS
    if not checkpoints_in(folder):
        return "there is no checkpoint yet; start again"
    return f"the last checkpoint is {checkpoints_in(folder)[0]}; go on with the same arguments and --resume"


def check_free(output: Path, overwrite: bool, resume: bool = False) -> None:
    """Raise ValueError unless a run may be written to `output`; looks only, and changes nothing.

    Args:
        output: the run folder.
        overwrite: whether an earlier run may be there, and the remains of an interrupted one.
        resume: whether the interrupted one is to go on: then it must have left a checkpoint.
    """
    remains = unfinished(output)
    for place in (output, remains):
        check_folder_place("output", place)
    resumable = bool(checkpoints_in(remains / CHECKPOINTS))
    if resume and not resumable:
        if (output / CONFIG).is_file():
            raise ValueError(
                f"output {output} holds a finished run: expected an interrupted one; there is nothing to resume"
            )
        raise ValueError(f"{remains} holds no checkpoint: expected one to resume; leave out --resume to start")
    if output.is_dir() and any(output.iterdir()):
        if not (output / CONFIG).is_file():
            raise ValueError(
                f"output {output} contains files that are not a run: expected a new or empty folder; choose another "
                "--output"
            )
        if not overwrite:
            raise ValueError(
                f"output {output} already holds a run: expected a new or empty folder; choose another --output, or "
                "--overwrite it"
            )
    if remains.exists() and not overwrite and not resume:
        mend = "continue it with --resume" if resumable else "remove it"
        raise ValueError(
            f"{remains} holds an interrupted training: expected none; {mend}, or start again with --overwrite"
        )


@contextmanager
def writing(output: Path, resume: bool = False) -> Iterator[Path]:
    """Give a folder to write a run into, which becomes `output` when the block ends well.

    An earlier run at `output` is replaced only then. When the block fails, what is half-written goes; a trained
    model or checkpoint that was already whole stays in the unfinished folder, and the error says so.

    Args:
        output: the run folder.
        resume: keep the checkpoints that an interrupted run left in the unfinished folder.
    """
    check_free(output, overwrite=True)
    output = output.resolve()
    folder = unfinished(output)
    _clear(folder, (CHECKPOINTS,) if resume else ())
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
        _replace(folder, output)
        # Last, so that a process killed before has lost nothing.
        shutil.rmtree(output / CHECKPOINTS, ignore_errors=True)
    except OSError as error:
        kept = _keep_whole(folder)
        mend = (
            "make room or choose another --output"
            + (f"; kept: {', '.join(map(str, kept))}" if kept else "; nothing was kept")
            + ("; then go on with --resume" if folder / CHECKPOINTS in kept else "")
        )
        raise could_not_write(f"the run to {output}", error, mend) from error
    except BaseException:
        _keep_whole(folder)
        raise


def _replace(folder: Path, output: Path) -> None:
    if not output.exists():
        folder.rename(output)
        return
    aside = Path(tempfile.mkdtemp(prefix=f"{output.name}.previous.", dir=output.parent))
    output.rename(aside / output.name)
    try:
        folder.rename(output)
    except OSError:
        (aside / output.name).rename(output)
        raise
    finally:
        shutil.rmtree(aside)


def _keep_whole(folder: Path) -> list[Path]:
    """Remove all but models and checkpoints, which are renamed into place and so are whole; return these."""
    remove_half_written(folder / CHECKPOINTS)
    names = [name for name in (MODEL, CHECKPOINT) if (folder / name).is_file()]
    if checkpoints_in(folder / CHECKPOINTS):
        names.append(CHECKPOINTS)
    _clear(folder, names)
    if not names and folder.is_dir():
        folder.rmdir()
    return [folder / name for name in names]


def _clear(folder: Path, keep: Sequence[str]) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def save_model(model: Any, path: Path) -> Path:
    """Save a Keras model; return where."""
    with written_whole(path) as beside:
        model.save(beside)
    return path


def write_history(rows: Mapping[str, Sequence[float]], path: Path) -> None:
    """Write Keras' history as CSV, a line an epoch, counted from 1."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *rows])
        writer.writerows([epoch, *values] for epoch, values in enumerate(zip(*rows.values(), strict=True), start=1))


def read_settings(run: Path) -> Settings:
    """Return a run's settings.

    Raises:
        ValueError: a folder that holds no run, or whose configuration is not JSON or holds no settings.
    """
    config, path = _read_config(run), run / CONFIG
    if not isinstance(config, dict) or not isinstance(config.get("settings"), dict):
        raise ValueError(f"{path} holds no settings: expected those of a run; {_MEND}")
    return Settings.of_record(config["settings"], path)


def _read_config(run: Path) -> Any:
    path = run / CONFIG
    if not path.is_file():
        if not run.exists():
            raise ValueError(f"{run} does not exist: expected the folder of a run; check the path")
        here = "is a bundle" if (run / "manifest.json").is_file() else "holds no run"
        raise ValueError(
            f"{run} {here}: expected {CONFIG} and {MODEL}, as keras-vae train writes them; give the folder of a run"
        )
    return _read(path)


def is_as_trained(run: Path) -> bool:
    """Return whether a run's model is the one it was written with; False where it did not record which.

    Raises:
        ValueError: a folder that holds no run.
    """
    about, path = _read_config(run).get("model"), run / MODEL
    recorded = about.get("sha256") if isinstance(about, dict) else None
    return recorded is not None and path.is_file() and sha256(path) == recorded


def read_metrics(run: Path) -> dict[str, Any]:
    """Return what `train` measured; `{"test": None}` where the file is gone.

    Raises:
        ValueError: a file that is not JSON, or holds no figures of the test images.
    """
    path = run / METRICS
    if not path.is_file():
        return {"test": None}
    metrics = _read(path)
    if not isinstance(metrics, dict) or not isinstance(metrics.get("test"), dict):
        raise ValueError(f"{path} holds no figures of test images: expected those of a run; {_MEND}")
    return metrics


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({first_line(error)}): expected what train wrote; {_MEND}") from error


def load_run(run: Path) -> tuple[Any, Settings]:
    """Return a run's model and settings.

    Raises:
        ValueError: a folder that holds no run, or a model file that Keras cannot read.
    """
    settings = read_settings(run)
    import keras

    from keras_vae.models.vae import VAE

    path = run / MODEL
    if not path.is_file():
        raise ValueError(f"{run} lacks {MODEL}: expected the trained model; {_MEND}")
    try:
        check_unpacked_size(path)
        model = keras.models.load_model(path)
    except Exception as error:
        raise ValueError(f"{path} cannot be read ({first_line(error)}): expected a Keras model; {_MEND}") from error
    if not isinstance(model, VAE):
        raise ValueError(f"{path} is a {type(model).__name__}: expected a keras_vae.VAE; {_MEND}")
    return model, settings
