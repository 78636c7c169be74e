"""Where the time of a training step goes: matrix products, convolutions, the rest of the step, the pipeline.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/step_profile.py --output benchmarks/step_profile.md

TensorFlow's profiler watches an epoch of `fit` by the package's defaults, on random images in memory, after two epochs
in which everything is compiled. An event counts for the time in which no event within it runs, summed over all threads,
so that the sums of two threads can exceed the time of the step. The networks are those of `against_peers.py`. Each runs
in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

CASES = [
    ("dense", 128, "float32"),
    ("dense", 512, "float32"),
    ("conv", 128, "float32"),
    ("conv", 128, "mixed_bfloat16"),
    ("colour32", 128, "float32"),
    ("colour32", 128, "mixed_bfloat16"),
    ("colour64", 128, "float32"),
    ("ladder", 128, "float32"),
    ("ladder", 128, "mixed_bfloat16"),
]
STEPS = {"dense": 96, "conv": 96, "colour32": 6, "colour64": 6, "ladder": 6}  # of an epoch
# What an event is for, by its name; the first that fits counts. Others wait, or hand on work.
KINDS = {
    "convolutions": r"Conv2D",
    "matrix products": r"MatMul",
    "pipeline": r"Iterator|GatherV2|Dataset|RandomIndexShuffle|Cast:Cast",
    "optimizer": r"adam/|divide_subtract_fusion|multiply_add_fusion",
    # thunks of XLA, and operators, whose name and kind stand on either side of a colon
    "likelihood, noise and activations": r"_fusion|reduce|^copy|[^:]:(?!:|While|If|.*Call|XlaLaunch|_XlaRun)",
}


def profile(network: str, batch: int, policy: str) -> dict:
    """Return a step's milliseconds, and those of each kind, in this process."""
    import keras
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    sys.path.insert(0, str(Path(__file__).parent / "peers"))
    from our_models import our_model
    from protocol import random_images

    from keras_vae.data.arrays import ImageArrays
    from keras_vae.data.pipeline import build_pipeline

    steps = STEPS[network]
    images = random_images(steps * batch, network, 0)
    keras.mixed_precision.set_dtype_policy(policy)
    model = our_model(network, 0)
    model.compile(keras.optimizers.Adam(1e-3))
    data = build_pipeline(ImageArrays(images), batch_size=batch, seed=0, drop_remainder=True)
    model.fit(data, epochs=2, verbose=0)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        model.fit(data, verbose=0)
        times.append(1000 * (time.perf_counter() - started) / steps)
    with tempfile.TemporaryDirectory() as folder:
        options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=3)
        tf.profiler.experimental.start(folder, options=options)
        model.fit(data, verbose=0)
        tf.profiler.experimental.stop()
        space = xplane_pb2.XSpace()
        space.ParseFromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    found: Counter[str] = Counter()
    for name, milliseconds in own_times(space).items():
        kind = next((kind for kind, pattern in KINDS.items() if re.search(pattern, name)), None)
        if kind:
            found[kind] += milliseconds / steps
    return {"step": sorted(times)[2], "kinds": dict(found)}


def own_times(space) -> Counter[str]:
    """Return the milliseconds of each event by name, less those of the events within it."""
    found: Counter[str] = Counter()
    for plane in space.planes:
        for line in plane.lines:
            names = {event.metadata_id: plane.event_metadata[event.metadata_id].name for event in line.events}
            events = sorted((each.offset_ps, -each.duration_ps, names[each.metadata_id]) for each in line.events)
            within: list[tuple[str, int]] = []
            for offset, negative, name in events:
                while within and within[-1][1] <= offset:
                    within.pop()
                if within:
                    found[within[-1][0]] += negative / 1e9
                found[name] -= negative / 1e9
                within.append((name, offset - negative))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--case", help=argparse.SUPPRESS)  # in a process of its own
    options = parser.parse_args()
    if options.case:
        network, batch, policy = options.case.split(",")
        print(json.dumps(profile(network, int(batch), policy)))
        return
    lines = [
        "| network, batch, precision | ms a step | " + " | ".join(KINDS) + " |",
        "|---|---|" + "---|" * len(KINDS),
    ]
    for case in CASES:
        command = [sys.executable, __file__, "--output", "-", "--case", ",".join(map(str, case))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        total = sum(found["kinds"].values())
        cells = (f"{found['kinds'].get(kind, 0):.2f} ({found['kinds'].get(kind, 0) / total:.0%})" for kind in KINDS)
        lines.append(f"| {', '.join(map(str, case))} | {found['step']:.2f} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    text = options.output.read_text("utf-8") if options.output.exists() else ""
    start, end = "<!-- table -->\n", "<!-- end -->\n"
    head, tail = (text.split(start)[0], text.split(end)[-1]) if start in text else (text, "")
    options.output.write_text(head + start + "\n".join(lines) + "\n" + end + tail, "utf-8")


if __name__ == "__main__":
    main()
