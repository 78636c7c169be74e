"""Ways through the latent space: sliders, the map of a plane, the way between two seeds."""

import json
import re

import numpy as np
import pytest

from .bundle import change_manifest, copied
from .pixels import as_bytes, assert_shows, shown

pytestmark = pytest.mark.slow


def test_sliders_stand_in_the_order_of_kl_and_move_one_number_each(visit_again, bundle, playwright):
    page = visit_again(bundle)
    order = np.argsort(-bundle.kl, kind="stable")
    sliders = page.locator("#explore input[type=range]")
    labels = [slider.get_attribute("aria-label") for slider in sliders.all()]
    assert labels == [f"z{j}, KL {bundle.kl[j]:.2f} nats" for j in order]
    playwright.expect(page.locator("[data-role=order]")).to_contain_text("KL on test images")
    assert page.locator("#explore details").is_visible() == (bundle.latent_dim > 16)
    picture = page.locator("#explore [data-role=picture]")
    latent = np.zeros(bundle.latent_dim)
    assert_shows(picture, bundle.decode(latent)[0])

    sliders.first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    latent[order[0]] = 0.15
    assert_shows(picture, bundle.decode(latent)[0])
    sliders.nth(1).focus()
    page.keyboard.press("Home")
    latent[order[1]] = -3
    assert_shows(picture, bundle.decode(latent)[0])

    page.get_by_label("Image of the seed").fill("2147483647")
    page.get_by_label("Image of the seed").press("Enter")
    assert_shows(picture, bundle.decode(bundle.latents(7, [2**31 - 1]))[0])
    page.get_by_label("Image of the seed").fill("-1")
    page.get_by_role("button", name="Load").click()
    playwright.expect(page.locator("#explore .problem")).to_contain_text("The image is -1: expected a whole number")
    page.get_by_role("button", name="All to zero").click()
    assert_shows(picture, bundle.decode(np.zeros(bundle.latent_dim))[0])


def test_a_latent_beyond_the_sliders_is_shown_as_it_is(visit_again, bundles):
    bundle = bundles["plane"]
    page = visit_again(bundle)
    page.get_by_label("Temperature").fill("6")
    latent = bundle.latents(7, [2], 6)
    assert np.abs(latent).max() > 3
    page.get_by_label("Image of the seed").fill("2")
    page.get_by_role("button", name="Load").click()
    assert_shows(page.locator("#explore [data-role=picture]"), bundle.decode(latent)[0])


@pytest.mark.parametrize(
    ("with_golden", "told"),
    [(True, "an estimate from 6 images of the model"), (False, "the bundle does not say")],
)
def test_without_kl_the_page_says_what_the_order_is(visit, bundles, tmp_path, with_golden, told, playwright):
    bundle = bundles["colour"]
    path = copied(bundle, tmp_path)
    change_manifest(path, lambda manifest: manifest["metrics"].pop("kl_per_dimension"))
    if not with_golden:
        change_manifest(path, lambda manifest: manifest["files"].pop("golden.json"))
    page = visit(path)
    playwright.expect(page.locator("[data-role=order]")).to_contain_text(told)
    labels = [s.get_attribute("aria-label") for s in page.locator("#explore input[type=range]").all()]
    encode = json.loads((path / "golden.json").read_text())["encode"]
    mean, stddev = np.array(encode["mean"]), np.array(encode["stddev"])
    kl = (0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)).mean(0)
    order = np.argsort(-kl, kind="stable") if with_golden else range(bundle.latent_dim)
    assert labels == [f"z{j}" for j in order]


def test_the_map_follows_mouse_and_arrow_keys(visit_again, bundles, playwright):
    bundle = bundles["plane"]
    page = visit_again(bundle)
    field = page.locator("#explore .map canvas")
    picture = page.locator("#explore [data-role=picture]")
    across = ((2 * np.arange(15) + 1) / 15 - 1) * 3
    cells = np.stack(np.meshgrid(across, -across), -1).reshape(-1, 2)
    sheet = bundle.decode(cells).reshape(15, 15, *bundle.shape).swapaxes(1, 2)
    assert_shows(field, sheet.reshape(15 * bundle.shape[0], 15 * bundle.shape[1], 1))

    field.scroll_into_view_if_needed()
    box = field.bounding_box()

    def at(x, y):
        return box["x"] + box["width"] * (x + 3) / 6, box["y"] + box["height"] * (3 - y) / 6

    page.mouse.move(*at(-1.5, 2))
    page.mouse.down()
    playwright.expect(page.locator("#place")).to_contain_text(re.compile(r"z0 = -1\.(49|50|51) across, z1 = (2.0|1.9)"))
    page.mouse.move(*at(0.5, -1), steps=4)
    page.mouse.up()
    page.mouse.move(*at(2, 2))  # no longer dragging
    told = page.locator("#place").inner_text()
    x, y = (float(number) for number in re.findall(r"= (-?[\d.]+)", told))
    assert (x, y) == pytest.approx((0.5, -1), abs=0.02)

    page.get_by_role("button", name="All to zero").click()
    field.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        page.keyboard.press(key)
    playwright.expect(page.locator("#place")).to_have_text("z0 = 0.20 across, z1 = -0.40 up")
    assert_shows(picture, bundle.decode([0.2, -0.4])[0])
    for _ in range(8):
        page.keyboard.press("Shift+ArrowLeft")
    playwright.expect(page.locator("#place")).to_contain_text("z0 = -3.00 across")


def test_only_a_plane_has_a_map(visit_again, bundles):
    assert not visit_again(bundles["colour"]).locator("#explore .map").is_visible()


def great_circle(a, b, t):
    """Shoemake's slerp (1985), in float64."""
    angle = np.arccos(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def test_between_two_seeds(visit_again, bundle, playwright):
    page = visit_again(bundle)
    strip, picture = (page.locator(f"#between [data-role={role}]") for role in ("strip", "picture"))
    page.get_by_label("From seed").fill("3")
    page.get_by_label("To seed").fill("-9")
    a, b = bundle.latents(3, [0])[0], bundle.latents(-9, [0])[0]
    assert_shows(picture, bundle.decode(great_circle(a, b, 0.5))[0])
    found, width = shown(strip), bundle.shape[1]
    for step in range(9):
        left = step * (width + round(width / 20))
        expected = as_bytes(bundle.decode(great_circle(a, b, step / 8))[0]).astype(int)
        np.testing.assert_allclose(found[:, left : left + width], expected, atol=1)

    page.get_by_role("slider", name="Place").focus()
    page.keyboard.press("Home")
    assert_shows(picture, bundle.decode(a)[0])
    page.keyboard.press("ArrowRight")
    assert_shows(picture, bundle.decode(great_circle(a, b, 0.01))[0])
    page.keyboard.press("End")
    assert_shows(picture, bundle.decode(b)[0])
    page.get_by_label("Temperature").fill("0")
    assert_shows(picture, bundle.decode(0 * b)[0])
    page.get_by_label("To seed").fill("3000000000")
    playwright.expect(page.locator("#between .problem")).to_contain_text("The seed is 3000000000: expected")
