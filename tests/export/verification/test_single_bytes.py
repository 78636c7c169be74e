"""Single bits of a bundle turned at random: what is promised to be caught is caught."""

import hashlib
import shutil

import numpy as np
import pytest

from keras_vae.export.verification.integrity import check_files, read_manifest


@pytest.fixture
def bundle(exports, tmp_path):
    return shutil.copytree(exports("dense").path, tmp_path / "bundle")


def turned(path, rng):
    """Turn one bit of a file; return what it was."""
    content = path.read_bytes()
    changed = bytearray(content)
    changed[rng.integers(len(content))] ^= 1 << rng.integers(8)
    path.write_bytes(changed)
    return content


def test_in_the_files(bundle):
    rng, manifest = np.random.default_rng(0), read_manifest(bundle)
    full = sorted(name for name, entry in manifest["files"].items() if entry["bytes"])
    for name in rng.choice(full, 500):
        before = turned(bundle / name, rng)
        found = check_files(bundle, {**manifest, "files": {name: manifest["files"][name]}})
        assert [miss for miss in found if miss.startswith(f"{name} has SHA-256")] == found[:1]
        (bundle / name).write_bytes(before)
    assert check_files(bundle, manifest) == []


def test_in_a_manifest_that_is_pinned(bundle):
    rng, path = np.random.default_rng(1), bundle / "manifest.json"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for _ in range(500):
        before = turned(path, rng)
        with pytest.raises(ValueError, match=r"manifest\.json has SHA-256"):
            read_manifest(bundle, digest)
        path.write_bytes(before)
    assert read_manifest(bundle, digest)


def held(manifest):
    """What is held without running a file; of the rest some is the author's word."""
    sizes = [manifest["model"][name] for name in ("image_shape", "latent_dim", "classes")]
    sections = ("schema_version", "generator", "preprocessing", "signatures", "tolerances", "files")
    files = [(path, a["runtime"], a["precision"], a["signatures"]) for path, a in manifest["artifacts"].items()]
    return sizes, [manifest[name] for name in sections], files


def test_in_a_manifest_that_is_not(bundle):
    """A bit may make other white space, or another digit of a figure that only its author knows."""
    rng, path = np.random.default_rng(2), bundle / "manifest.json"
    original, caught = read_manifest(bundle), 0
    for _ in range(100):
        before = turned(path, rng)
        try:
            changed = read_manifest(bundle)
        except ValueError as error:
            caught += "manifest.json" in str(error)
        else:
            if held(changed) != held(original):
                assert check_files(bundle, changed)
                caught += 1
        path.write_bytes(before)
    assert caught > 60
