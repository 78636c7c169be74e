from pathlib import Path

import pytest

from keras_vae.command_line.application import main


@pytest.fixture(autouse=True, scope="session")
def digits_in_a_folder_of_ours(made_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(made_once("cache", Path.mkdir)))
        yield


@pytest.fixture
def keras_vae(capsys):
    """Run a command; return its status, what it printed, and its errors."""

    def run(*arguments):
        try:
            main([str(argument) for argument in arguments])
            status = 0
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def run(made_once):
    arguments = ["--epochs", "1", "--importance-samples", "1", "--latent-dim", "2"]
    return made_once("run", lambda output: main(["train", "--output", str(output), *arguments]))
