"""What a bundle proves before it is used: integrity, agreement with Keras, and its cost in nats."""
