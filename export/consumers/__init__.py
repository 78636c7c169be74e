"""Programs that run a bundle without TensorFlow and without this package; the bundle carries copies of them."""
