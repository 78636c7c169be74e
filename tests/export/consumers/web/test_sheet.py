"""The sheet of generated pictures: its numbers, and the keyboard."""

import re

import numpy as np
import pytest

from .pixels import assert_shows

pytestmark = pytest.mark.slow


def test_seed_temperature_and_count_redraw_the_sheet(visit_again, bundle, playwright):
    page = visit_again(bundle)
    tiles = page.locator(".sheet canvas")
    expected = bundle.decode(bundle.latents(7, range(24)))
    assert_shows(tiles.nth(23), expected[23])
    page.get_by_label("Seed", exact=True).fill("-2147483648")
    page.get_by_label("Count").fill("5")
    page.get_by_label("Temperature").fill("0.5")
    expected = bundle.decode(bundle.latents(-(2**31), range(5), 0.5))
    assert_shows(tiles.nth(4), expected[4])
    playwright.expect(tiles).to_have_count(5)
    page.get_by_role("button", name="Next seed").click()
    assert_shows(tiles.nth(0), bundle.decode(bundle.latents(-(2**31) + 1, [0], 0.5))[0])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("Seed", "2147483648", "The seed is 2147483648: expected a whole number from -2147483648 to 2147483647."),
        ("Seed", "-2147483649", "The seed is -2147483649: expected a whole number from -2147483648 to 2147483647."),
        ("Seed", "1.5", "The seed is 1.5: expected a whole number from -2147483648 to 2147483647."),
        ("Seed", "", "The seed is empty: expected a whole number from -2147483648 to 2147483647."),
        ("Temperature", "-1", "The temperature is -1: expected a finite number of 0 or more: 1 draws from the prior."),
        ("Temperature", "1e39", "The temperature is 1e39: expected a finite number of 0 or more: 1 draws"),
        ("Count", "0", "The count is 0: expected a whole number from 1 to 400."),
    ],
)
def test_a_number_out_of_range_is_named_and_goes_when_mended(visit_again, bundles, field, value, message, playwright):
    page = visit_again(bundles["plane"])
    first, image = page.locator(".sheet canvas").first, bundles["plane"].decode(bundles["plane"].latents(7, [0]))[0]
    assert_shows(first, image)
    box, problem = page.locator("#draw").get_by_label(field, exact=True), page.locator("#draw .problem")
    good = box.input_value()
    box.fill(value)
    playwright.expect(problem).to_contain_text(message)
    assert box.get_attribute("aria-invalid") == "true"
    assert_shows(first, image)
    box.fill(good)
    playwright.expect(problem).to_be_empty()
    assert box.get_attribute("aria-invalid") == "false"


def test_the_sheet_is_one_stop_of_the_keyboard_and_its_pictures_load(visit_again, bundle, playwright):
    page = visit_again(bundle)
    page.get_by_role("button", name="Save sheet").focus()
    page.keyboard.press("Tab")
    playwright.expect(page.get_by_role("button", name="Explore image 0")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    number = int(re.search(r"\d+", page.evaluate("document.activeElement.ariaLabel"))[0])
    assert 1 < number < 24
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    latent = bundle.latents(7, [number])
    assert_shows(page.locator("#explore [data-role=picture]"), bundle.decode(latent)[0])
    outputs = page.locator("#explore output").all_text_contents()
    order = np.argsort(-bundle.kl, kind="stable")
    np.testing.assert_allclose([float(text) for text in outputs], latent[0, order], atol=0.0051)
    playwright.expect(page.locator("#status")).to_have_text(f"Image {number} of seed 7 is in the sliders.")
    page.keyboard.press("End")
    playwright.expect(page.get_by_role("button", name="Explore image 23")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('section').id") == "explore"
