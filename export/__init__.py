"""Export: a trained model as one verified bundle of files that generate without TensorFlow."""
