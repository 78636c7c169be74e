"""The page itself: where it works, what it asks for, and that everybody can see and use it."""

import gzip
import hashlib
import re

import numpy as np
import pytest

from keras_vae.export.consumers.explore import PAGE, address, make_server

from ..serving import serving
from .generation import draw_latents
from .pages import served_plainly

pytestmark = pytest.mark.slow


def test_the_browser_refuses_every_other_address_and_keeps_nothing_that_explore_serves(visit, bundles, playwright):
    page = visit(bundles["plane"].path, broken=True)
    playwright.expect(page.locator("#status")).to_have_text("Ready.")
    assert page.evaluate("async () => (await import('./offline.js')).keepOffline()") is False
    kept = "async () => [(await navigator.serviceWorker.getRegistrations()).length, (await caches.keys()).length]"
    assert page.evaluate(kept) == [0, 0]
    before = len(page.asked)
    with serving(make_server(bundles["plane"].path)) as other:
        url = address(other)
        refused = page.evaluate("url => fetch(url, {mode: 'no-cors'}).then(() => 'sent', () => 'refused')", url)
    assert refused == "refused"
    assert any("Content Security Policy" in complaint for complaint in page.complaints)
    page.asked = page.asked[:before]


def test_a_bundle_s_own_page_works_on_a_plain_server_is_installed_and_opens_when_the_server_is_gone(
    browser, bundles, playwright
):
    bundle = bundles["plane"]
    with browser.new_context() as context:
        page = context.new_page()
        with served_plainly(bundle.path) as port:
            page.goto(f"http://127.0.0.1:{port}/web/")
            playwright.expect(page.locator("#kept")).to_be_visible()
            devtools = context.new_cdp_session(page)
            assert devtools.send("Page.getAppManifest")["errors"] == []
            faults = {
                fault["errorId"] for fault in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
            }
            assert faults <= {"in-incognito"}  # as tests are
        for address in ("/web/", "/web/?from=elsewhere"):
            page.goto(f"http://127.0.0.1:{port}{address}")
            page.evaluate("async () => { await kerasVae.ready; }")
            np.testing.assert_array_equal(draw_latents(page, [3], 1), bundle.latents(1, [3]).ravel())
        # what the server has comes before what was kept
        with served_plainly(bundles["colour"].path, port):
            page.reload()
            playwright.expect(page.locator("#facts")).to_contain_text("16 pixels, colour")


def test_opened_as_a_file_the_page_says_what_to_do(browser, playwright):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((PAGE / "index.html").as_uri())
        playwright.expect(page.locator("#status")).to_contain_text("with keras-vae explore or python -m http.server")


def luminance(colour):
    channels = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(visit, bundles, scheme):
    page = visit(bundles["plane"].path, color_scheme=scheme)
    paper = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (paper > 0.8) if scheme == "light" else (paper < 0.05)
    for selector in ("h1", "#facts", "#status", "#draw label", "#draw button", "#explore summary", "#draw .problem"):
        text = luminance(page.locator(selector).first.evaluate("e => getComputedStyle(e).color"))
        assert (max(text, paper) + 0.05) / (min(text, paper) + 0.05) >= 4.5, selector


def test_a_phone_shows_it_all_without_scrolling_sideways(visit, bundle):
    page = visit(bundle.path, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("#explore input[type=range]").last.scroll_into_view_if_needed()
    assert page.locator("#explore [data-role=picture]").bounding_box()["y"] >= 0  # it stays in sight


def test_every_field_has_a_name_and_motion_can_be_reduced(visit, bundles):
    page = visit(bundles["plane"].path, reduced_motion="reduce")
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('input, button, canvas:not(button canvas)')]"
        ".filter((e) => !(e.ariaLabel || e.labels?.length || e.textContent.trim())).length"
    )
    assert nameless == 0
    assert page.evaluate("getComputedStyle(document.querySelector('button')).transitionDuration") in ("0s", "")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_the_page_names_no_other_address_and_the_runtime_is_the_one_in_its_readme():
    for file in PAGE.glob("*.*"):
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", file.read_text("utf-8"))
        assert set(addresses) <= {"http://www.w3.org"}, file.name  # a namespace, which nobody fetches
    readme = (PAGE / "runtime/README.md").read_text("utf-8")
    script = (PAGE / "runtime/ort.wasm.bundle.min.js").read_bytes()
    wasm = gzip.decompress((PAGE / "runtime/ort-wasm-simd-threaded.wasm.gz").read_bytes())
    for content in (script, wasm):
        assert hashlib.sha256(content).hexdigest() in readme
        assert f"{len(content):,}" in readme
