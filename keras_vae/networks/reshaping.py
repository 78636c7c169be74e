"""Layers that change the shape of feature maps in ways that every exported runtime runs well."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="keras_vae")
class ToFeatureMap(keras.layers.Reshape):
    """Reshape `[n, prod(target_shape)]` to `[n, *target_shape]`, the batch as -1.

    Keras' own layer reads the batch size from the input, which TFLite turns into operators that keep the
    graph from being delegated whole.
    """

    def call(self, inputs: Any) -> Any:
        """Reshape."""
        return keras.ops.reshape(inputs, (-1, *self.target_shape))


@keras.saving.register_keras_serializable(package="keras_vae")
class DepthToSpace(keras.layers.Layer):
    """Rearrange `[n, h, w, 4 c]` to `[n, 2 h, 2 w, c]`: sub-pixel upsampling (Shi et al. 2016, section 3.2).

    After a plain convolution it stands in for a transposed one, which runtimes run slowly or not at all with a
    free batch size.
    """

    def call(self, inputs: Any) -> Any:
        """Rearrange."""
        return keras.ops.depth_to_space(inputs, 2)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return `[n, 2 h, 2 w, c]`."""
        n, h, w, c = input_shape
        return (n, None if h is None else 2 * h, None if w is None else 2 * w, c // 4)
