"""A notebook's kernel that is forked rather than started: as fresh, and seconds sooner."""

import os

from tests.fresh_process import FreshProcess


class ForkedKernel(FreshProcess):
    """A kernel, with what its provisioner asks of a process."""

    stdin = stdout = stderr = None

    def __init__(self, command, environment, folder):
        connection = command[command.index("-f") + 1]
        optimized = "OPTIMIZED" in environment
        super().__init__(be_a_kernel, connection, environment=environment, folder=folder, optimized=optimized)

    def poll(self):
        return self.process.exitcode

    def wait(self):
        return self.ended()[0]

    def terminate(self):
        self.process.terminate()

    def send_signal(self, number):
        os.kill(self.process.pid, number)


def be_a_kernel(connection):
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(["-f", connection])


async def launch_kernel(provisioner, command, *, env, cwd, **_):
    """Take the place of a `LocalProvisioner`'s method."""
    provisioner.process = ForkedKernel(command, env, cwd)
    return provisioner.connection_info
