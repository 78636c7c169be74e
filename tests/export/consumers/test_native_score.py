"""The program in C that scores a picture, beside score.py and Keras."""

import csv
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from .native import call, pretender
from .program import change

FIGURES = ["elbo", "reconstruction", "kl", "bound"]


def told(programs, *arguments):
    """What `score` says of a picture, by name."""
    done = call(programs / "score", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.mark.parametrize("exported", ["dense"], indirect=True)
def test_it_tells_score_and_verdict_as_score_py_does(programs, broken, tmp_path):
    model, file = broken.model, broken.path / "onnx/score.onnx"
    height, width, _ = model.image_shape
    noise = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    pictures = {"drawn": np.rint(255 * model.generate(1, seed=3)[0, ..., 0]).astype(np.uint8), "noise": noise}
    elbos = [model.score(picture[None, ..., None].astype("float32") / 255).elbo[0] for picture in pictures.values()]
    threshold = float(np.mean(elbos))
    limit = {"elbo": threshold, "false_alarm_rate": 0.05, "images": 100}
    change(broken, ["score", "threshold"], limit)
    verdicts = set()
    for name, picture in pictures.items():
        gray, raw = tmp_path / f"{name}.pgm", tmp_path / f"{name}.raw"
        Image.fromarray(picture).save(gray)
        (picture.astype(np.float32) / 255).tofile(raw)
        command = [sys.executable, broken.path / "score.py", gray, "--runtime", "onnx", "--output", "scores.csv"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        with (tmp_path / "scores.csv").open(newline="") as table:
            (row,) = csv.DictReader(table)
        found = told(programs, file, gray, f"threshold={threshold!r}")
        assert list(found) == [*FIGURES, "verdict"]
        assert found["verdict"] == row["verdict"]
        for figure in FIGURES:
            assert float(found[figure]) == pytest.approx(float(row[figure]), rel=1e-6, abs=1.1e-4)
        assert told(programs, file, raw) == {figure: found[figure] for figure in FIGURES}
        verdicts.add(found["verdict"])
    assert verdicts == {"usual", "unusual"}


def test_the_score_of_a_coloured_picture_is_that_of_its_class(programs, conditional, tmp_path):
    folder, model = conditional
    colours = np.random.default_rng(1).integers(0, 256, model.image_shape, np.uint8)
    # with a comment, as other programs write it
    (tmp_path / "picture.ppm").write_bytes(b"P6 # by hand\n# twice\n9\t8\n255\n" + colours.tobytes())
    scores = []
    for label in (0, 2):
        found = told(programs, folder / "score.onnx", tmp_path / "picture.ppm", f"label={label}", "threshold=0")
        expected = model.score(colours[None].astype("float32") / 255, label=label)
        for figure in FIGURES:
            assert float(found[figure]) == pytest.approx(getattr(expected, figure)[0], rel=1e-5, abs=1e-3)
        assert found["verdict"] == "unusual"
        scores.append(found["elbo"])
    assert scores[0] != scores[1]


def ppm(pixels=bytes(216), width=9, height=8, most=255, kind=6):
    return b"P%d\n%d %d\n%d\n" % (kind, width, height, most) + pixels


SIZE = "expected P6, 9 wide, 8 high, of 255 steps; convert it"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.ppm", ppm(width=8), SIZE),
        ("a.ppm", ppm(height=9), SIZE),
        ("a.ppm", ppm(most=65535), SIZE),
        ("a.ppm", ppm(kind=5), SIZE),
        ("a.pgm", b"", SIZE),
        ("a.ppm", b"P6 # a comment without an end", SIZE),
        ("a.ppm", b"P6\n9 8\n255", SIZE),
        ("a.ppm", b"P6\n" + b"9" * 400 + b" 8\n255\n", SIZE),
        ("a.ppm", b"\x89PNG\r\n", SIZE),
        ("a.ppm", ppm(bytes(215)), "fewer or more bytes than a picture of the model's: expected 216 of pixels"),
        ("a.ppm", ppm(bytes(217)), "fewer or more bytes"),
        ("a.raw", bytes(863), "expected 864 of pixels"),
        ("a.raw", np.full(216, 1.5, "<f4").tobytes(), "has a pixel of 1.5: expected 0 to 1"),
        ("a.raw", np.full(216, np.nan, "<f4").tobytes(), "expected 0 to 1"),
        ("a.raw", None, "a.raw cannot be read (No such file"),
    ],
)
def test_another_picture_than_the_model_s_is_named(programs, conditional, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = call(programs / "score", conditional[0] / "score.onnx", tmp_path / name, "label=0")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("score: ")
    assert words in done.stderr


@pytest.mark.parametrize(
    ("file", "arguments", "words"),
    [
        ("score.onnx", [], "is of a conditional model: expected a class; add label=0"),
        ("score.onnx", ["label=7.5"], "label is '7.5': expected a whole number"),
        ("score.onnx", ["label=0", "threshold=nan"], "threshold is 'nan': expected a number"),
        ("score.onnx", ["label=0", "more"], "4 arguments: expected MODEL PICTURE [threshold=ELBO] [label=CLASS]"),
        ("generate.onnx", ["label=0"], "an input of type 6: expected 1, float32; copy the file again"),
    ],
)
def test_an_argument_of_score_that_cannot_be(programs, conditional, tmp_path, file, arguments, words):
    (tmp_path / "a.ppm").write_bytes(ppm())
    done = call(programs / "score", conditional[0] / file, tmp_path / "a.ppm", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


@pytest.mark.parametrize(
    ("image", "elbo", "dtype", "words"),
    [
        (["n", 2, 2, 1], (1,), np.float32, None),
        ([1, 2, 2, 1], (1,), np.float32, None),
        (["n", 2, "w", 1], (1,), np.float32, "an input with -1 on axis 2: expected 1 to 8192"),
        (["n", 2, 2, 17], (1,), np.float32, "an input with 17 on axis 3: expected 1 to 16"),
        ([2, 2, 2, 1], (1,), np.float32, "an input with 2 on axis 0: expected 1 to 1"),
        (["n", 4], (1,), np.float32, "an input of rank 2: expected 4"),
        (["n", 2, 2, 1], (0,), np.float32, "an output with 0 on axis 0: expected 1 to 1"),
        (["n", 2, 2, 1], (1, 1), np.float32, "an output of rank 2: expected 1"),
        (["n", 2, 2, 1], (1,), np.float64, "an output of type 11: expected 1, float32"),
    ],
)
def test_a_file_that_only_looks_like_a_scorer_is_refused(programs, tmp_path, image, elbo, dtype, words):
    types = {"image": (1, image), "index": (6, ["n"]), "seed": (6, [])}
    outputs = dict.fromkeys(FIGURES, (1,)) | {"elbo": elbo}
    model = pretender(tmp_path / "model.onnx", types, outputs, dtype)
    (tmp_path / "a.raw").write_bytes(bytes(16))
    done = call(programs / "score", model, tmp_path / "a.raw")
    if words is None:
        assert done.stdout == "elbo 1.0000\nreconstruction 1.0000\nkl 1.0000\nbound 1.0000\n"
    else:
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
        assert words in done.stderr
