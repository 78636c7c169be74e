"""Networks: encoders and decoders as ordinary Keras models, on any Keras backend."""
