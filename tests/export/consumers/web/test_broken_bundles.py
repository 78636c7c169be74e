"""Bundles that are damaged, incomplete or cannot be checked: the page says what is wrong."""

import re

import numpy as np
import onnx
import pytest

from .bundle import change_manifest, copied
from .generation import draw_latents
from .pages import ELSEWHERE
from .picture_file import picture_file

pytestmark = pytest.mark.slow


def flip(path, share):
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.write_bytes(content)


def change_a_weight(path):
    """Change one number of the decoder: where weights lie in a file differs from writer to writer."""
    model = onnx.load(path)
    floats = (tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT)
    weight = max(floats, key=lambda tensor: len(tensor.dims))
    values = onnx.numpy_helper.to_array(weight).copy()
    values[0, 0] += 1
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    path.write_bytes(model.SerializeToString())


def drop_last(path):
    path.write_bytes(path.read_bytes()[:-1])


REFUSED = {
    "generate.onnx flipped": (
        lambda path: flip(path / "onnx/generate.onnx", 0.5),
        r"onnx/generate\.onnx has a different SHA-256 from that in the manifest \([0-9a-f]{12}…\)\.",
    ),
    "encode.onnx cut": (
        lambda path: drop_last(path / "onnx/encode.onnx"),
        r"onnx/encode\.onnx has \d+ bytes, and the manifest says \d+\.",
    ),
    "golden.json flipped": (lambda path: flip(path / "golden.json", 0.5), r"golden\.json has a different SHA-256"),
}
BROKEN = {
    "not JSON": (
        lambda path: (path / "manifest.json").write_text('{"schema_version": 1,'),
        r"manifest\.json is not JSON \(.*\)\. Copy the whole bundle again\.",
    ),
    "not text": (lambda path: (path / "manifest.json").write_bytes(b"\xff\xfe"), r"manifest\.json is not JSON"),
    "another schema": (
        lambda path: change_manifest(path, lambda manifest: manifest.update(schema_version=99)),
        r"manifest\.json has schema_version 99, and this page reads 1\. Use the page of the keras_vae that wrote",
    ),
    "no object": (lambda path: (path / "manifest.json").write_text("null"), r"has schema_version undefined"),
    "seventeen channels": (
        lambda path: change_manifest(path, lambda manifest: manifest["model"].update(image_shape=[8, 8, 17])),
        r"manifest\.json has image_shape \[8,8,17\], and this page expects height, width, and 1 to 16 channels",
    ),
    "a threshold in words": (
        lambda path: change_manifest(path, lambda manifest: manifest["score"].update(threshold={"elbo": "low"})),
        r'manifest\.json has a threshold of "low", and this page expects nats, or none\.',
    ),
    "no files": (lambda path: change_manifest(path, lambda manifest: manifest.pop("files")), 'no section "files"'),
    "a label": (
        lambda path: change_manifest(
            path, lambda manifest: manifest["signatures"]["generate"]["inputs"].update(label={})
        ),
        r"manifest\.json has inputs index, label, seed, temperature for generate",
    ),
    "another width": (
        lambda path: change_manifest(path, lambda manifest: manifest["model"].update(latent_dim=3)),
        None,
    ),
    "decode.onnx missing": (
        lambda path: (path / "onnx/decode.onnx").unlink(),
        r"onnx/decode\.onnx did not load \(HTTP status 404\)\. It belongs in the folder above this page",
    ),
}


@pytest.mark.parametrize("fault", [*REFUSED, *(fault for fault in BROKEN if BROKEN[fault][1])])
def test_a_broken_bundle_is_refused_in_words(visit, bundles, tmp_path, fault, playwright):
    path = copied(bundles["plane"], tmp_path)
    damage, message = {**REFUSED, **BROKEN}[fault]
    damage(path)
    page = visit(path, broken=True)
    told = page.get_by_role("alert").filter(has_text="This bundle cannot be used")
    playwright.expect(told).to_be_visible()
    playwright.expect(told.locator("li")).to_have_text(re.compile(message))
    playwright.expect(page.locator("#status")).to_have_text("The model did not load.")
    assert not page.locator("#panels").is_visible()
    assert page.locator("#consent").is_visible() == (fault in REFUSED)


def test_a_missing_manifest_is_named(visit, bundles, tmp_path, playwright):
    path = copied(bundles["plane"], tmp_path)
    page = visit(path)
    (path / "manifest.json").unlink()
    page.complaints = []
    page.reload()
    playwright.expect(page.locator("#fault li")).to_have_text(
        re.compile(r"manifest\.json did not load \(HTTP status 404\)")
    )
    assert all("404" in complaint for complaint in page.complaints)
    page.complaints = []


def test_a_changed_file_is_used_only_with_consent(visit, bundles, tmp_path, playwright):
    bundle = bundles["plane"]
    path = copied(bundle, tmp_path)
    change_a_weight(path / "onnx/generate.onnx")
    page = visit(path, broken=True)
    consent = page.get_by_label("Use it anyway")
    playwright.expect(consent).to_be_visible()
    consent.press("Space")
    playwright.expect(page.locator("#status")).to_have_text("Ready.")
    playwright.expect(page.locator("#checks")).to_contain_text("4 of 5 files match their SHA-256")
    assert not page.locator("#fault").is_visible()
    latent = draw_latents(page, [0, 1], 7)
    np.testing.assert_array_equal(latent, bundle.latents(7, [0, 1]).ravel())


def test_a_file_that_is_no_model_is_named_even_with_consent(visit, bundles, tmp_path, playwright):
    path = copied(bundles["plane"], tmp_path)
    (path / "onnx/decode.onnx").write_bytes(b"no model")
    page = visit(path, broken=True)
    page.get_by_label("Use it anyway").check()
    playwright.expect(page.locator("#fault li")).to_contain_text(
        "onnx/decode.onnx is not a model that ONNX Runtime can load"
    )
    playwright.expect(page.locator("#consent")).to_be_hidden()


def test_a_manifest_that_lies_about_the_model_is_found_out(visit, bundles, tmp_path, playwright):
    path = copied(bundles["plane"], tmp_path)
    BROKEN["another width"][0](path)
    page = visit(path, broken=True)
    playwright.expect(page.locator(".problem").first).to_contain_text("a different latent from that in the manifest")


def test_what_a_bundle_lacks_is_left_out_with_the_reason(visit, bundles, tmp_path, playwright):
    path = copied(bundles["plane"], tmp_path)
    (path / "onnx/encode.onnx").unlink()

    def forget(manifest):
        manifest["files"].pop("onnx/encode.onnx")
        manifest["not_written"]["onnx/encode.onnx"] = "ONNX cannot express encode"

    change_manifest(path, forget)
    page = visit(path)
    playwright.expect(page.locator("#yours")).to_contain_text(
        "Not available with this bundle: ONNX cannot express encode."
    )
    assert page.locator("#explore [data-role=picture]").is_visible()


def test_a_bundle_of_a_version_before_scores_says_so(visit, bundles, tmp_path, playwright):
    path = copied(bundles["plane"], tmp_path)

    def forget(manifest):
        del manifest["score"], manifest["signatures"]["score"], manifest["files"]["onnx/score.onnx"]
        manifest["versions"]["keras_vae"] = "0.1.0"

    change_manifest(path, forget)
    page = visit(path)
    page.get_by_label("Choose a picture").set_input_files(picture_file(np.zeros((8, 8), np.uint8)))
    playwright.expect(page.locator("#yours [data-role=score]")).to_have_text(
        "This bundle has no scores: it was written by keras_vae 0.1.0, and only later versions write scores."
    )


def test_where_nothing_can_be_checked_the_page_says_why(visit, bundles, playwright):
    page = visit(bundles["plane"].path, broken=True, host=ELSEWHERE)
    playwright.expect(page.locator("#fault li")).to_have_count(5)
    playwright.expect(page.locator("#fault li").first).to_contain_text("SHA-256 only for addresses of https")
    page.get_by_label("Use it anyway").check()
    playwright.expect(page.locator("#checks")).to_contain_text("0 of 5 files match")
    assert page.complaints == []
