"""What stands in a bundle beside the models: manifest, golden values, model card."""
