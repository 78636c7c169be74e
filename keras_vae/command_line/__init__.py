"""The command line, `keras-vae`: one file a command."""
