"""TF_CONFIG: which machines train together, and which of them this process is."""

from __future__ import annotations

import dataclasses
import errno
import json
import socket
from collections.abc import Mapping
from typing import Any

_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
_JOBS = ("chief", "worker")


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes that train together.

    Attributes:
        addresses: "host:port" of each, the chief first.
        index: which of them this process is.
    """

    addresses: tuple[str, ...]
    index: int

    @property
    def address(self) -> str:
        """This process's own address."""
        return self.addresses[self.index]


def read_cluster(tf_config: str | None) -> Cluster:
    """Return the cluster that the text of the environment variable TF_CONFIG describes.

    Args:
        tf_config: JSON with `cluster.worker`, `task.type` and `task.index`; a `cluster.chief` may stand beside the
            workers. None where the variable is not set.

    Raises:
        ValueError: JSON that is malformed or lacks a part, an index out of range, or an address twice.

    Example:
        >>> read_cluster(_EXAMPLE).address
        'host1:2222'
    """
    if not tf_config:
        raise ValueError(f"TF_CONFIG is not set: expected JSON that lists the workers; on the first set {_EXAMPLE}")
    try:
        config = json.loads(tf_config)
    except json.JSONDecodeError as error:
        raise _wrong(f"is not JSON ({error})", tf_config) from error
    cluster, task = _part(config, "cluster", tf_config), _part(config, "task", tf_config)
    for job in cluster:
        if job not in _JOBS:
            raise _wrong(f"has a job {job!r}, where only 'chief' and 'worker' train", tf_config)
    jobs = {job: _addresses(cluster, job, tf_config) for job in _JOBS if job in cluster}
    if "worker" not in jobs:
        raise _wrong("lists no cluster.worker", tf_config)
    if len(jobs.get("chief", ())) > 1:
        raise _wrong(f"lists {len(jobs['chief'])} chiefs, where at most one leads", tf_config)
    addresses = tuple(address for job in _JOBS for address in jobs.get(job, ()))
    for address in addresses:
        if addresses.count(address) > 1:
            raise _wrong(f"lists {address!r} twice, where every worker has its own", tf_config)
    job, index = task.get("type"), task.get("index")
    if job not in jobs:
        raise _wrong(f"has task.type {job!r}, where the cluster has {' and '.join(map(repr, jobs))}", tf_config)
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(jobs[job]):
        raise _wrong(f"has task.index {index!r}, where 0 to {len(jobs[job]) - 1} are {job}s", tf_config)
    return Cluster(addresses, addresses.index(jobs[job][index]))


def check_port_free(address: str) -> None:
    """Raise ValueError if another process of this machine listens on the port of "host:port"."""
    port = int(address.rpartition(":")[2])
    with socket.socket() as listener:
        # so that connections of an earlier job, now closing, do not count
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("", port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            reason = "is in use on this machine" if error.errno == errno.EADDRINUSE else "may not be used by this user"
            raise ValueError(
                f"port {port} of TF_CONFIG's {address!r} {reason}: expected a free one; end the process that has it "
                "(an earlier run, or a worker with the same task.index), or give this worker another port"
            ) from error


def is_here(address: str) -> bool:
    """Whether the host of "host:port" names this machine; behind some networks' translation it need not.

    Example:
        >>> is_here("localhost:2222")
        True
    """
    try:
        family, *_, (host, *_) = socket.getaddrinfo(address.rpartition(":")[0], None, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as listener:
            listener.bind((host, 0))
    except OSError:
        return False
    return True


def _part(config: Any, name: str, tf_config: str) -> Mapping:
    part = config.get(name) if isinstance(config, Mapping) else None
    if not isinstance(part, Mapping):
        raise _wrong(f"has no object {name!r}", tf_config)
    return part


def _addresses(cluster: Mapping, job: str, tf_config: str) -> list[str]:
    addresses = cluster[job]
    if not isinstance(addresses, list) or not addresses:
        raise _wrong(f"has cluster.{job} {addresses!r}, where a list of addresses stands", tf_config)
    for address in addresses:
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise _wrong(f"has the address {address!r}, where 'host:port' stands", tf_config)
    return addresses


def _wrong(what: str, tf_config: str) -> ValueError:
    shown = tf_config if len(tf_config) <= 200 else tf_config[:200] + "..."
    return ValueError(f"TF_CONFIG is {' '.join(shown.split())}, which {what}: expected such as {_EXAMPLE}; correct it")
