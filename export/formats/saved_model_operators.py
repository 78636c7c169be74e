"""Which operators of a SavedModel do more than compute: a SavedModel is a program, and may read and write files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_vae.private_interfaces import operator_definition

# Names of files are strings; queues, tables and data pipelines are resources and variants.
_OPAQUE = {dtype.as_datatype_enum for dtype in (tf.string, tf.resource, tf.variant)}
# What Keras' layers need all the same: variables, branches, loops and calls, whose functions are looked through too.
_TAKEN = {
    *("VarHandleOp", "ReadVariableOp", "AssignVariableOp", "VarIsInitializedOp", "VariableShape", "DisableCopyOnRead"),
    *("ResourceGather", "ResourceGatherNd", "PartitionedCall", "StatefulPartitionedCall", "If", "While", "Case"),
    *("TensorListReserve", "TensorListFromTensor", "TensorListGetItem", "TensorListSetItem", "TensorListStack"),
    *("TensorListLength", "TensorListElementShape", "EmptyTensorList", "TensorListPushBack", "TensorListPopBack"),
    *("Assert", "Einsum"),
}
# How a SavedModel is saved again and restored; in no function that anything else calls.
_SAVING = {"SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename", "StringJoin", "StaticRegexFullMatch"}


def foreign_operators(path: Path) -> list[str]:
    """Return the operators of a SavedModel's folder that could do more than compute, without loading it.

    Those pass that TensorFlow calls stateless, whose inputs, outputs and settings are numbers, and a few by name.
    """
    saved = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    found = {f"a file {name}" for name in ("saved_model.cpb", "saved_model.pbtxt") if (path / name).exists()}
    for meta in saved.meta_graphs:
        if not meta.HasField("object_graph_def") or len(saved.meta_graphs) > 1:
            found.add("a graph of TensorFlow 1")
        functions = meta.graph_def.library.function
        own, saving = {function.signature.name for function in functions}, _saving_functions(meta)
        bodies = [("", meta.graph_def.node), *((function.signature.name, function.node_def) for function in functions)]
        for name, nodes in bodies:
            taken = own | _SAVING if name in saving else own
            found.update(op for op in {node.op for node in nodes} - taken if not _computes(op))
    return sorted(found)


def _computes(name: str) -> bool:
    if name in _TAKEN:
        return True
    definition = operator_definition(name)
    if definition is None:
        return False
    free_text = any(
        attribute.type in ("string", "list(string)") and not attribute.HasField("allowed_values")
        for attribute in definition.attr
    )
    opaque = any(argument.type in _OPAQUE for argument in (*definition.input_arg, *definition.output_arg))
    return not (definition.is_stateful or free_text or opaque)


def _saving_functions(meta: Any) -> set[str]:
    """The functions that the saver's two nodes call, and that nothing else does."""
    saver = {meta.saver_def.save_tensor_name.partition(":")[0], meta.saver_def.restore_op_name}
    called = {name for node in meta.graph_def.node if node.name in saver for name in _functions_in(node)}
    bodies = [meta.graph_def.node, *(function.node_def for function in meta.graph_def.library.function)]
    calls = Counter(name for body in bodies for node in body for name in _functions_in(node))
    signatures = {tensor.name.partition(":")[0] for s in meta.signature_def.values() for tensor in s.outputs.values()}
    elsewhere = {*meta.object_graph_def.concrete_functions, *(g.gradient_func for g in meta.graph_def.library.gradient)}
    return set() if saver & signatures else {name for name in called - elsewhere if calls[name] == 1}


def _functions_in(node: Any) -> Iterator[str]:
    yield node.op
    for value in node.attr.values():
        yield from (function.name for function in (value.func, *value.list.func) if function.name)
