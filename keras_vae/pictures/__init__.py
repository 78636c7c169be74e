"""Pictures: what a person looks at to judge a model, written as PNG files."""
