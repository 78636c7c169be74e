"""Bundles, and a headless Chromium that opens their pages; without it every test here is skipped."""

import contextlib
import os
import shutil

import numpy as np
import pytest

from .bundle import MODELS, Bundle
from .pages import ELSEWHERE, PATIENCE, open_page, settle

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session", autouse=True)
def playwright():
    """The browser's driver."""
    driver = pytest.importorskip(
        "playwright.sync_api", reason="the page needs a browser's driver: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("the page needs a browser: install Debian's package chromium")
    driver.expect.set_options(timeout=PATIENCE)
    return driver


@pytest.fixture(scope="session")
def bundles(tmp_path_factory):
    """Bundles to read, "plane" with a threshold of noise; a test that changes one takes a copy."""
    noise = np.random.default_rng(5).random((40, 8, 8, 1), np.float32)
    more = {"plane": {"normal_data": [noise], "false_alarm_rate": 0.5}, "colour": {}}
    return {name: Bundle(*MODELS[name], tmp_path_factory.mktemp("web") / name, **more[name]) for name in MODELS}


@pytest.fixture(scope="session")
def classes(tmp_path_factory):
    """A bundle of a conditional model of three classes, to read."""
    changes = {"latent_dim": 2, "network": {"hidden": [16]}, "classes": ["cat", "dog", "owl"]}
    return Bundle("digits_mlp", changes, tmp_path_factory.mktemp("web") / "classes")


@pytest.fixture(params=MODELS)
def bundle(request, bundles):
    return bundles[request.param]


# a module's, since Playwright leaves an event loop running, which tests elsewhere may not stand
@pytest.fixture(scope="module")
def browser(playwright):
    arguments = [f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses root
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def assert_nothing_left_the_machine(page):
    assert len(page.asked) > 5
    assert [url for url in page.asked if not url.startswith((page.origin, f"blob:{page.origin}"))] == []


@pytest.fixture
def visit(browser, playwright):
    """Open a page anew; `broken` expects complaints."""
    with contextlib.ExitStack() as stack:
        seen = []

        def visit(path, broken=False, **options):
            page = open_page(stack, browser, path, **options)
            seen.append((page, broken))
            if not broken:
                settle(page, playwright.expect)
            return page

        yield visit
        for page, broken in seen:
            assert_nothing_left_the_machine(page)
            assert broken or page.complaints == []


@pytest.fixture(scope="module")
def kept(browser, playwright):
    with contextlib.ExitStack() as stack:
        pages = {}

        def page_of(bundle):
            if bundle.path not in pages:
                pages[bundle.path] = open_page(stack, browser, bundle.path)
                settle(pages[bundle.path], playwright.expect)
            return pages[bundle.path]

        yield page_of


@pytest.fixture
def visit_again(kept):
    """Take the page of a bundle that earlier tests have used, with everything set back."""
    seen = []

    def visit_again(bundle):
        page = kept(bundle)
        seen.append(page)
        page.evaluate(
            """() => {
              for (const form of document.forms) form.reset();
              document.querySelector('[name=way]').value = 0.5;
              for (const name of ['temperature', 'from']) {
                document.querySelector(`[name=${name}]`).dispatchEvent(new Event('input', {bubbles: true}));
              }
              document.querySelector('[data-action=zero]').click();
            }"""
        )
        return page

    yield visit_again
    for page in seen:
        assert_nothing_left_the_machine(page)
        assert page.complaints == []
