"""The files that runtimes load, one module a format."""
