"""TF_CONFIG: what is read, and what is refused in one line."""

import json
import socket

import pytest

from keras_vae.multi_device.cluster import check_port_free, is_here, read_cluster
from keras_vae.multi_device.strategies import get_strategy

WORKERS = ["host1:2222", "host2:2222"]


def config(cluster=None, **task):
    return json.dumps({"cluster": cluster or {"worker": WORKERS}, "task": {"type": "worker", "index": 0, **task}})


def test_reads_where_this_process_stands():
    cluster = read_cluster(config(index=1))
    assert (cluster.addresses, cluster.index, cluster.address) == (tuple(WORKERS), 1, "host2:2222")


def test_the_chief_comes_first():
    cluster = read_cluster(config({"worker": WORKERS, "chief": ["host0:1"]}, index=1))
    assert (cluster.addresses, cluster.index) == (("host0:1", *WORKERS), 2)
    assert read_cluster(config({"worker": WORKERS, "chief": ["host0:1"]}, type="chief")).address == "host0:1"


BAD = {
    None: "TF_CONFIG is not set",
    "": "TF_CONFIG is not set",
    '{"cluster": ': "is not JSON",
    "[]": "has no object 'cluster'",
    '{"task": {"type": "worker", "index": 0}}': "has no object 'cluster'",
    '{"cluster": {"worker": ["a:1"]}}': "has no object 'task'",
    config({"chief": ["a:1"]}, type="chief"): "lists no cluster.worker",
    config({"worker": []}): "has cluster.worker []",
    config({"worker": "a:1"}): "has cluster.worker 'a:1'",
    config({"worker": ["a"]}): "has the address 'a'",
    config({"worker": ["a:port"]}): "has the address 'a:port'",
    config({"worker": ["a:70000"]}): "has the address 'a:70000'",
    config({"worker": [3]}): "has the address 3",
    config({"worker": ["a:1", "b:1", "a:1"]}): "lists 'a:1' twice",
    config({"worker": ["a:1"], "chief": ["a:1"]}): "lists 'a:1' twice",
    config({"worker": ["a:1"], "chief": ["b:1", "c:1"]}): "lists 2 chiefs",
    config({"worker": ["a:1"], "ps": ["b:1"]}): "has a job 'ps'",
    config(index=2): "has task.index 2, where 0 to 1 are workers",
    config(index=-1): "has task.index -1",
    config(index="0"): "has task.index '0'",
    config(index=True): "has task.index True",
    config(type="evaluator"): "has task.type 'evaluator', where the cluster has 'worker'",
}


@pytest.mark.parametrize(("text", "said"), BAD.items(), ids=BAD.values())
def test_bad_ones_are_named_with_the_mend(text, said, monkeypatch):
    if text is None:
        monkeypatch.delenv("TF_CONFIG", raising=False)
    else:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError) as error:
        get_strategy("multi_worker")
    assert said in str(error.value)
    assert '"host1:2222"' in str(error.value)
    assert "\n" not in str(error.value)


def test_a_port_in_use_is_refused(monkeypatch):
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        listener.listen()
        port = listener.getsockname()[1]
        monkeypatch.setenv("TF_CONFIG", config({"worker": [f"localhost:{port}"]}))
        with pytest.raises(
            ValueError, match=rf"port {port} of TF_CONFIG's 'localhost:{port}' is in use on this machine"
        ):
            get_strategy("multi_worker")
    check_port_free(f"localhost:{port}")


def test_addresses_of_this_machine_and_of_others():
    assert is_here(f"{socket.gethostname()}:1") or is_here("127.0.0.1:1")
    assert not is_here("192.0.2.1:2222")  # reserved for documentation: no machine has it
    assert not is_here("no-such-host.invalid:2222")
