"""A TFLite file without what only a debugger reads."""

from __future__ import annotations

from keras_vae.export.formats.tflite_model import model_content, read_model


def slim(content: bytes) -> bytes:
    """Return the same model without the names of its inner tensors, and without quantisation tables that are empty.

    The generator is a hundred operators on a few integers: names are a fifth of what they take. Signatures, and the
    names of inputs and outputs, stay.
    """
    model = read_model(content)
    for graph in model.subgraphs:
        outside = {*graph.inputs, *graph.outputs}
        for number, tensor in enumerate(graph.tensors):
            if number not in outside:
                tensor.name = None
            if tensor.quantization is not None and tensor.quantization.scale is None:
                tensor.quantization = None
    return model_content(model)
