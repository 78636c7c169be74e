"""Evaluation: a model judged in nats on images it was not trained on."""
