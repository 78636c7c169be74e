"""Draw images from this bundle with NumPy, Pillow and LiteRT or ONNX Runtime; TensorFlow and Keras are not needed.

    pip install numpy pillow ai-edge-litert          # or onnxruntime in place of ai-edge-litert
    python generate.py --count 16 --seed 7 --output pictures.png

Image i of a seed is the same picture whatever the count, the runtime and the device. The program is short, to be
read: `generate` has the steps of any program that uses a bundle. It runs on Python 3.9 and later.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import hashlib
import importlib.util
import json
import math
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import numpy as np  # imported where it is used: a wrong option is refused at once

FOLDER = Path(os.path.abspath(__file__)).parent
SCHEMA_VERSION = 1
MODULES = {"tflite": "ai_edge_litert", "onnx": "onnxruntime"}  # by the manifest's runtime, in the order of choice
BATCH = 256  # images a call, which bounds the memory it takes
LIMITS: dict[str, tuple[float, float]] = {
    "count": (1, 65536),  # tiles in one picture
    "seed": (-(2**31), 2**31 - 1),
    "start": (0, 2**31 - 1),
    "temperature": (0, (2 - 2**-23) * 2.0**127),  # the largest float32
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after one line on stderr that says what to mend."""
    return told("generate.py", lambda: generate(parse(arguments)))


def generate(options: argparse.Namespace) -> str:
    """Draw the pictures and write them; return what was done."""
    import numpy as np
    from PIL import Image

    manifest = read_manifest()
    signature = "decode" if options.precision == "int8" else "generate"  # eight bits would spoil the generator
    path, artifact = choose(manifest, signature, options.runtime, options.precision)
    content = read_file(path, manifest["files"].get(path, {}), options.unchecked)
    images, latents = draw(path, content, artifact, manifest, options)
    writers = {options.output: lambda file: Image.fromarray(grid(np.clip(images, 0, 1))).save(file, format="PNG")}
    if options.latents:
        writers[options.latents] = lambda file: np.save(file, latents)
    write_whole(writers)
    return f"{options.count} images of seed {options.seed} by {path} in {options.output}"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options; ValueError for one out of range."""
    parser = parser_of("generate.py", __doc__, ["float32", "float16", "dynamic", "int8"])
    parser.add_argument("--count", type=int, default=16, help="how many images (16)")
    parser.add_argument("--seed", type=int, default=7, help="image i depends on the seed and i alone (7)")
    parser.add_argument("--temperature", type=float, default=1.0, help="more typical below 1, more varied above (1.0)")
    parser.add_argument("--label", help="the class to draw, its name or number, of a model with classes (each in turn)")
    parser.add_argument("--start", type=int, default=0, help="the number of the first image (0)")
    parser.add_argument("--output", type=Path, default=Path("pictures.png"), help="the PNG to write (pictures.png)")
    parser.add_argument("--latents", type=Path, help="a .npy file for the latents, float32 [count, d]")
    options = parser.parse_args(arguments)
    for name, (low, high) in LIMITS.items():
        if not low <= getattr(options, name) <= high:
            raise ValueError(f"--{name} is {getattr(options, name)}: expected {low} to {high}; give one in between")
    if options.start + options.count > 2**31:
        raise ValueError(f"--start is {options.start}: expected at most {2**31 - options.count}; the last is 2**31 - 1")
    check_place(options.output, ".png")
    if options.latents:
        check_place(options.latents, ".npy")
    return options


def read_manifest() -> dict[str, Any]:
    """Return what the bundle holds; ValueError if this program does not understand it."""
    path = FOLDER / "manifest.json"
    try:
        manifest = json.loads(path.read_text("utf-8"))
        version = manifest["schema_version"]
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: expected it beside generate.py; run the copy in a bundle") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is not a manifest ({error!r}): expected JSON; copy the bundle again") from None
    if version != SCHEMA_VERSION:
        raise ValueError(f"{path} has schema version {version!r}: expected {SCHEMA_VERSION}; run its own generate.py")
    return manifest


def choose(manifest: dict[str, Any], signature: str, runtime: str | None, precision: str) -> tuple[str, dict[str, Any]]:
    """Return path and description of a file with a signature that can run here; ValueError if there is none."""
    artifacts = [each for each in manifest["artifacts"].items() if signature in each[1]["signatures"]]
    files = {
        artifact["runtime"]: (path, artifact)
        for path, artifact in sorted(artifacts, key=lambda item: item[1]["batch"] is None)  # the last: any batch
        if artifact["precision"] == precision
    }
    wanted = [name for name in MODULES if name in files and runtime in (None, name)]
    if not wanted:
        sought = f"{runtime or 'tflite or onnx'} file of precision {precision}"
        held = ", ".join(sorted({f"{each['runtime']} {each['precision']}" for _, each in artifacts})) or "one"
        raise ValueError(f"no {sought} can {signature}: expected {held}; choose another --runtime or --precision")
    for name in wanted:
        if importlib.util.find_spec(MODULES[name]):
            return files[name]
    packages = " or ".join(MODULES[name].replace("_", "-") for name in wanted)
    raise ValueError(f"no runtime for {files[wanted[0]][0]} is installed: expected {packages}; pip install one")


def read_file(path: str, entry: dict[str, Any], unchecked: bool) -> bytes:
    """Return a file's content; ValueError unless it lies in the bundle and has the size and hash of its entry."""
    file = Path(os.path.abspath(FOLDER / path))
    if FOLDER not in file.parents:
        raise ValueError(f"{path} in manifest.json leaves {FOLDER}: expected a path inside; copy the bundle again")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read ({error.strerror}): expected a file; copy the bundle again") from None
    for name, value in {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}.items():
        if value != entry.get(name) and not unchecked:
            raise ValueError(f"{file} has {name} {value}: expected {entry.get(name)}; copy it again or use --unchecked")
    return content


def load(content: bytes, runtime: str) -> Callable[..., dict[str, Any]]:
    """Return a function that runs one signature on one batch: `call(signature, **inputs)` to outputs by name."""
    if runtime == "tflite":
        import numpy as np
        from ai_edge_litert.interpreter import Interpreter

        runner = Interpreter(model_content=content).get_signature_runner  # on ARM it crashes at a number without axis
        return lambda signature, **inputs: runner(signature)(**{k: np.atleast_1d(v) for k, v in inputs.items()})
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)  # its errors are raised too
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda signature, **inputs: dict(zip(names, session.run(names, inputs)))  # noqa: B905  # Python 3.9


@contextlib.contextmanager
def running(path: str) -> Iterator[None]:
    """Raise ValueError for what a runtime raises, each its own."""
    try:
        yield
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(f"{path} does not run ({error}): expected a file that does; copy the bundle again") from None


def class_number(label: str, model: dict[str, Any]) -> int:
    """Return the number of a class by its name, or by its number where the names are not numbers themselves."""
    label, *names = (unicodedata.normalize("NFC", name) for name in (label, *model.get("class_names", [])))
    classes, by_number = model["classes"] or 0, label.isdecimal() and not (names and all(map(str.isdecimal, names)))
    number = names.index(label) if label in names else int(label) if by_number else classes
    if number >= classes:
        known = ", ".join(names) or (f"0 to {classes - 1}" if classes else "none, since the model has no classes")
        raise ValueError(f"--label is {label}: expected {known}; change or drop it")
    return number


def draw(
    path: str, content: bytes, artifact: dict[str, Any], manifest: dict[str, Any], options: argparse.Namespace
) -> tuple[np.ndarray, np.ndarray]:
    """Return images float32 [count, height, width, channels] in [0, 1], and their latents float32 [count, d]."""
    import numpy as np

    size, classes, drawn = artifact["batch"] or min(BATCH, options.count), manifest["model"]["classes"], []
    chosen = None if options.label is None else class_number(options.label, manifest["model"])
    numbers = {"seed": np.array(options.seed, np.int32), "temperature": np.array(options.temperature, np.float32)}
    if "generate" not in artifact["signatures"]:
        sys.dont_write_bytecode = True  # a bundle holds what its manifest lists, and no more
        from latents import check_formula, draw_latents  # pyright: ignore[reportMissingImports]  beside it in a bundle

        golden = json.loads(read_file("golden.json", manifest["files"]["golden.json"], options.unchecked))
        check_formula(manifest, golden["generate"])
    with running(path):
        call = load(content, artifact["runtime"])
        for first in range(0, options.count, size):
            # The last image is repeated to fill the last batch, for files that take a fixed number.
            index = options.start + np.minimum(np.arange(first, first + size), options.count - 1)
            given = {"label": np.int32(index % classes if chosen is None else [chosen] * size)} if classes else {}
            if "generate" in artifact["signatures"]:
                out = call("generate", index=index.astype(np.int32), **numbers, **given)
            else:
                latent = draw_latents(manifest, index, **numbers)
                out = {**call("decode", latent=latent, **given), "latent": latent}
            drawn.append((np.array(out["image"]), np.array(out["latent"])))  # copied: the next call may overwrite it
    images, latents = (np.concatenate(parts)[: options.count] for parts in zip(*drawn))  # noqa: B905  # Python 3.9
    if not np.isfinite(images).all():
        raise ValueError(f"--temperature is {options.temperature}: expected one that gives finite images; lower it")
    return images, latents


def grid(images: np.ndarray, gap: int = 4) -> np.ndarray:
    """Return images in [0, 1] as tiles on white: uint8 [height, width], or [height, width, 3] in colour."""
    import numpy as np

    if images.shape[-1] == 4:  # the last is transparency, shown over a light checkerboard
        squares = np.add.outer(*(np.arange(side) // 4 for side in images.shape[1:3]))[..., None] % 2
        ground, alpha = np.where(squares, 0.8, 1).astype(np.float32), images[..., 3:]
        images = images[..., :3] * alpha + ground * (1 - alpha)
    images = images[..., : 3 if images.shape[-1] == 3 else 1]  # of other channels the first is shown
    columns = math.ceil(math.sqrt(len(images)))
    rows, scale = math.ceil(len(images) / columns), max(1, math.ceil(64 / max(images.shape[1:3])))  # small ones grow
    tiles = np.rint(images * 255).astype(np.uint8).repeat(scale, 1).repeat(scale, 2)
    tiles = np.pad(tiles, ((0, rows * columns - len(tiles)), (gap, 0), (gap, 0), (0, 0)), constant_values=255)
    picture = np.concatenate([np.concatenate(row, 1) for row in tiles.reshape(rows, columns, *tiles.shape[1:])])
    picture = np.pad(picture, ((0, gap), (0, gap), (0, 0)), constant_values=255)
    return picture[..., 0] if picture.shape[-1] == 1 else picture


def parser_of(program: str, description: str | None, precisions: list[str]) -> argparse.ArgumentParser:
    """Return a parser that knows the options of a bundle's file; it raises ValueError for a wrong one."""

    def refuse(message: str) -> NoReturn:
        raise ValueError(f"{message}; see --help")

    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.error = refuse
    parser.print_help = lambda file=None: sys.exit(0 if tell(program, parser.format_help().rstrip(), sys.stdout) else 2)
    parser.add_argument("--runtime", choices=list(MODULES), help="the first that is installed and has a file")
    parser.add_argument("--precision", default="float32", choices=precisions)
    parser.add_argument("--unchecked", action="store_true", help="load the file whatever its size and SHA-256")
    return parser


def check_place(path: Path, ending: str) -> None:
    """Raise ValueError unless a file of this kind can be written there."""
    if path.suffix.lower() != ending:
        raise ValueError(f"{path} is no {ending} file: expected that ending; rename it")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{path} is in a folder that does not exist: expected an existing folder; create it first")
    if path.exists() and not path.is_file():  # a device or a named pipe, say, is not replaced
        raise ValueError(f"{path} is not a file: expected a file or nothing there; choose another name")


def write_whole(writers: dict[Path, Callable[[Any], object]]) -> None:
    """Write files beside their places, then rename them: a failure leaves nothing half-written."""
    parts = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in writers}
    try:
        for path, write in writers.items():
            with parts[path].open("wb") as file:
                write(file)
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def told(program: str, work: Callable[[], str]) -> int:
    """Do a program's work and print what was done; return 0, or 2 after one line on stderr that says what to mend."""
    try:
        tell(program, work(), sys.stdout)
        return 0
    except (OSError, ValueError) as error:
        reason = str(error)
    except ImportError as error:
        reason = f"{error}: expected the whole bundle, and a runtime; pip install numpy pillow ai-edge-litert"
    except (AttributeError, KeyError, TypeError) as error:
        reason = f"{FOLDER / 'manifest.json'} is damaged ({error!r}): expected a whole manifest; copy the bundle again"
    tell(program, f"{program}: {' '.join(reason.split())}", sys.stderr)
    return 2


def tell(program: str, text: str, stream: Any) -> bool:
    """Print to a standard stream that may be closed or full, which changes no file; return whether it took the text."""
    try:
        print(text, file=stream or open(os.devnull, "w"), flush=True)  # noqa: SIM115  Python closes it
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or Python would try again at its end
        if stream is sys.stdout and error.errno not in (errno.EPIPE, errno.EIO):  # whose reader wants no more
            tell("", f"{program}: standard output took only a part of what was printed ({error.strerror})", sys.stderr)
            return False
    return True


def start(main: Callable[[], int]) -> NoReturn:
    """End the process with what `main` returns, whatever its standard streams are."""
    while os.open(os.devnull, os.O_RDWR) < 3:  # no file takes the number of a standard stream that is closed
        pass
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue]  unless replaced
    sys.exit(main())


if __name__ == "__main__":
    start(main)
