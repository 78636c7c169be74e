"""What a test's process leaves out of TensorFlow's work: its graphs are many, and most of them run for a moment."""

import gc
import inspect


def collect_garbage_seldom():
    """Graphs are millions of small objects that live on: looking through them again and again took a fifth of a run."""
    gc.set_threshold(50_000, 20, 50)


def make_graphs_quick(optimized=False):
    """Leave out what short trainings do not need; return the default of compiling, as users have it.

    Models that do not ask for XLA go without it: by default dense ones take seven seconds to compile. And operators do
    not keep the calls that made them, which are for errors to show: sixty of pytest's each, half of a worker's memory.
    """
    from tensorflow.python.util import tf_stack

    from keras_vae.models import compile_options

    outermost = tf_stack.extract_stack(stacklevel=len(inspect.stack(0)))
    assert len(outermost) == 1  # TensorFlow looks for the last one that is not its own
    tf_stack.extract_stack = lambda stacklevel=1: outermost
    default = compile_options.compiles_well
    compile_options.compiles_well = lambda model: False
    optimize_graphs(optimized)
    return default


def optimize_graphs(optimize):
    """Whether TensorFlow optimizes a graph before its first run, which takes a quarter of a short training."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": not optimize})
