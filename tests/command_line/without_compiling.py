"""`keras-vae` as a user starts it, but that nothing is compiled: that takes longer than a short training."""

import sys
from pathlib import Path

from keras_vae.command_line import application

sys.path.append(str(Path(__file__).parents[2]))  # where `tests` is
COMMANDS = application.Commands
as_for_users = COMMANDS.get_command


def get_command(commands, context, name):
    """TensorFlow is imported where it is for users: when the command is known."""
    command = as_for_users(commands, context, name)
    from tests.quick_graphs import make_graphs_quick

    make_graphs_quick()
    return command


if __name__ == "__main__":
    COMMANDS.get_command = get_command
    application.main()
