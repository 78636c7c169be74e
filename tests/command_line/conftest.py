import pytest

from keras_vae.command_line.application import main


@pytest.fixture(autouse=True, scope="session")
def digits_in_a_folder_of_ours(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
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
def run(tmp_path_factory):
    output = tmp_path_factory.mktemp("runs") / "digits"
    main(["train", "--output", str(output), "--epochs", "1", "--importance-samples", "1", "--latent-dim", "2"])
    return output
