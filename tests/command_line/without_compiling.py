"""`keras-vae` as a user starts it, but that nothing is compiled: that takes longer than a short training."""

from keras_vae.command_line import application

COMMANDS = application.Commands
as_for_users = COMMANDS.get_command


def get_command(commands, context, name):
    """TensorFlow is imported where it is for users: when the command is known."""
    command = as_for_users(commands, context, name)
    import tensorflow as tf

    from keras_vae.models import compile_options

    compile_options.compiles_well = lambda model: False
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    return command


if __name__ == "__main__":
    COMMANDS.get_command = get_command
    application.main()
