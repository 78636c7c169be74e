"""The page of a bundle, in a headless Chromium, against NumPy, the SavedModel and Pillow."""

import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import threading

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_vae.export.bundle import export_bundle
from keras_vae.export.consumers.explore import PAGE, address, make_server
from keras_vae.models.vae import VAE
from keras_vae.random.portable import latents_numpy

playwright = pytest.importorskip(
    "playwright.sync_api", reason="the page needs a browser's driver: pip install playwright"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="the page needs a browser: install Debian's package chromium"),
]

MODELS = {
    "plane": ("digits_mlp", {"latent_dim": 2, "network": {"hidden": [16]}}),
    "colour": (
        "image_conv",
        {"image_shape": [16, 24, 3], "latent_dim": 20, "network": {"filters": [4, 8], "hidden": 16}},
    ),
}
ELSEWHERE = "bundle.test"  # a name for this machine that browsers do not take for a secure one
SEEDS = [7, 0, 1, -1, 65535, 65536, -65536, 2**31 - 1, -(2**31), 123456789]
INDEX = [*range(96), 65535, 65536, 10**6, 2**31 - 1]


class Bundle:
    """A bundle, and its SavedModel as the reference."""

    def __init__(self, preset, changes, path):
        model = VAE.from_preset(preset, **changes)
        for weight in model.decoder.trainable_weights:
            weight.assign(2 * weight)  # untrained, but with pixels that are not all near a half
        self.kl = np.random.default_rng(0).permutation(model.latent_dim) / 10
        self.path = export_bundle(model, path, metrics={"elbo": -12.5, "kl_per_dimension": self.kl.tolist()})
        self.latent_dim, self.shape = model.latent_dim, model.image_shape
        self.signatures = tf.saved_model.load(path / "saved_model").signatures
        if not (path / "web").exists():
            shutil.copytree(PAGE, path / "web")

    def call(self, signature, **inputs):
        outputs = self.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in outputs.items()}

    def decode(self, latent):
        return self.call("decode", latent=np.asarray(latent, np.float32).reshape(-1, self.latent_dim))["image"]

    def latents(self, seed, index, temperature=1.0):
        return latents_numpy(seed, index, self.latent_dim, temperature)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return {name: Bundle(*MODELS[name], tmp_path_factory.mktemp("web") / name) for name in MODELS}


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """A bundle of a conditional model of three classes."""
    changes = {"latent_dim": 2, "network": {"hidden": [16]}, "classes": 3}
    return Bundle("digits_mlp", changes, tmp_path_factory.mktemp("web") / "classes")


@pytest.fixture(params=MODELS)
def bundle(request, bundles):
    return bundles[request.param]


@pytest.fixture(scope="module")
def browser():
    arguments = [f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses root
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@contextlib.contextmanager
def serving(server):
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def open_page(stack, browser, path, host="127.0.0.1", **options):
    """Serve a folder and open its page, noting what it asks for and what it complains of, until the stack ends."""
    server = stack.enter_context(serving(make_server(path)))
    context = browser.new_context(**options)
    stack.callback(context.close)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.origin = f"http://{host}:{server.server_address[1]}"
    page.goto(f"{page.origin}/web/")
    return page


def settle(page):
    page.evaluate("async () => { await kerasVae.ready; }")
    playwright.expect(page.locator("#checks")).to_contain_text("agree with their SHA-256")


def assert_nothing_left_the_machine(page):
    assert len(page.asked) > 5
    assert [url for url in page.asked if not url.startswith((page.origin, f"blob:{page.origin}"))] == []


@pytest.fixture
def visit(browser):
    """Open a page anew; `broken` expects complaints."""
    with contextlib.ExitStack() as stack:
        seen = []

        def visit(path, broken=False, **options):
            page = open_page(stack, browser, path, **options)
            seen.append((page, broken))
            if not broken:
                settle(page)
            return page

        yield visit
        for page, broken in seen:
            assert_nothing_left_the_machine(page)
            assert broken or page.complaints == []


@pytest.fixture(scope="module")
def kept(browser):
    with contextlib.ExitStack() as stack:
        pages = {}

        def page_of(bundle):
            if bundle.path not in pages:
                pages[bundle.path] = open_page(stack, browser, bundle.path)
                settle(pages[bundle.path])
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


def shown(canvas):
    """A canvas' pixels, uint8 [height, width, 3]."""
    (height, width), data = canvas.evaluate(
        """(canvas) => {
          // A copy: reading the page's own would slow it down, of which Chromium warns.
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
          copy.drawImage(canvas, 0, 0);
          const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
          return [[canvas.height, canvas.width], Array.from(data).map((byte) => String.fromCharCode(byte)).join('')];
        }"""
    )
    return np.frombuffer(data.encode("latin-1"), np.uint8).reshape(height, width, 4)[..., :3]


def as_bytes(image):
    """What an image float [H, W, C] looks like, uint8 [H, W, 3]."""
    return np.broadcast_to(np.rint(255 * image), (*image.shape[:2], 3)).astype(np.uint8)


def assert_shows(canvas, image, patience=5.0):
    """Wait until a canvas shows an image float [H, W, C]; a pixel between two bytes may round either way."""
    expected, found = as_bytes(image).astype(int), None
    for _ in range(int(patience / 0.05)):
        found = shown(canvas).astype(int)
        if found.shape == expected.shape and np.abs(found - expected).max() <= 1:
            return
        canvas.page.wait_for_timeout(50)
    np.testing.assert_allclose(found, expected, atol=1)


def draw_latents(page, index, seed, temperature=1.0):
    found = page.evaluate(
        "async (asked) => Array.from((await kerasVae.generate(...asked)).latent)", [list(index), seed, temperature]
    )
    return np.array(found, np.float32)


def generate(page, index, seed, temperature=1.0):
    found = page.evaluate(
        "async ([index, seed, temperature]) => {"
        "  const {image, latent} = await kerasVae.generate(index, seed, temperature);"
        "  return [Array.from(image), Array.from(latent)]; }",
        [list(index), seed, temperature],
    )
    return [np.array(part, np.float32) for part in found]


def test_latents_of_a_thousand_seeds_and_indices_are_bit_equal(visit_again, bundle):
    page = visit_again(bundle)
    assert len(SEEDS) * len(INDEX) == 1000
    for number, seed in enumerate(SEEDS):
        temperature = 1.0 if number % 2 else 0.7
        latent = draw_latents(page, INDEX, seed, temperature)
        expected = bundle.latents(seed, INDEX, temperature)
        np.testing.assert_array_equal(latent.view(np.int32), expected.ravel().view(np.int32))


def test_golden_latents_are_bit_equal_and_the_page_says_so(visit_again, bundle):
    page = visit_again(bundle)
    golden = json.loads((bundle.path / "golden.json").read_text())["generate"]
    for case in golden:
        latent = draw_latents(page, case["index"], case["seed"], case["temperature"])
        np.testing.assert_array_equal(latent, np.array(case["latent"], np.float32).ravel())
    count = sum(len(case["index"]) for case in golden)
    checks = page.locator("#checks")
    playwright.expect(checks).to_contain_text(f"{count} of {count} golden latents are bit-equal")
    playwright.expect(checks).to_contain_text("4 of 4 files agree with their SHA-256")


def test_images_are_those_of_the_saved_model_whatever_their_number(visit_again, bundle):
    page = visit_again(bundle)
    index = np.arange(40, dtype=np.int32)
    expected = bundle.call("generate", index=index, seed=np.int32(11), temperature=np.float32(1))["image"]
    assert expected.std() > 0.05
    image, latent = generate(page, range(40), 11)
    np.testing.assert_allclose(image.reshape(expected.shape), expected, atol=1e-5)
    one, _ = generate(page, [39], 11)
    np.testing.assert_allclose(one.reshape(bundle.shape), expected[39], atol=1e-5)
    decoded, mean, stddev = page.evaluate(
        "async ([latent, image]) => {"
        "  const {mean, stddev} = await kerasVae.encode(Float32Array.from(image));"
        "  const decoded = await kerasVae.decode(Float32Array.from(latent));"
        "  return [decoded, mean, stddev].map((values) => Array.from(values)); }",
        [latent.tolist(), expected.ravel().tolist()],
    )
    np.testing.assert_allclose(np.reshape(decoded, expected.shape), expected, atol=1e-5)
    moments = bundle.call("encode", image=expected)
    np.testing.assert_allclose(mean, moments["mean"].ravel(), atol=1e-5)
    np.testing.assert_allclose(stddev, moments["stddev"].ravel(), atol=1e-5)


def test_a_conditional_model_draws_the_class_chosen(visit, classes):
    page = visit(classes.path)
    z = latents_numpy(7, range(24), 2)

    def images(latent, label):
        return classes.call("decode", latent=latent, label=np.full(len(latent), label, np.int32))["image"]

    drawn = page.evaluate(
        "async () => Promise.all([0, 1, 2].map(async (label) => {"
        "  const {image, latent} = await kerasVae.generate([0, 1, 2], 7, 1, label);"
        "  return [Array.from(image), Array.from(latent)]; }))"
    )
    for label, (image, latent) in enumerate(drawn):
        np.testing.assert_array_equal(np.float32(latent).reshape(3, 2), z[:3])
        np.testing.assert_allclose(np.reshape(image, (3, *classes.shape)), images(z[:3], label), atol=1e-5)
    choice, first = page.get_by_label("Class of all pictures"), page.locator(".sheet canvas").first
    assert choice.locator("option").all_text_contents() == ["0", "1", "2"]
    assert_shows(first, images(z, 0)[0])
    choice.select_option("2")
    assert_shows(first, images(z, 2)[0])
    assert_shows(page.locator("#explore [data-role=picture]"), images(np.zeros([1, 2], np.float32), 2)[0])
    refused = page.evaluate("() => kerasVae.generate([0], 7, 1, 3).catch((error) => error.message)")
    assert refused == "The class is 3: expected a whole number from 0 to 2."


def test_a_model_without_classes_offers_none(visit_again, bundle):
    assert visit_again(bundle).get_by_label("Class of all pictures").is_hidden()


def test_a_file_of_fixed_batch_is_run_as_often_as_it_takes(visit, bundles, tmp_path):
    bundle = bundles["plane"]
    path = copied(bundle, tmp_path)
    change_manifest(path, lambda manifest: manifest["artifacts"]["onnx/generate.onnx"].update(batch=3))
    page = visit(path)
    latent = draw_latents(page, range(7), 5)
    np.testing.assert_array_equal(latent, bundle.latents(5, range(7)).ravel())


def test_seed_temperature_and_count_redraw_the_sheet(visit_again, bundle):
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
def test_a_number_out_of_range_is_named_and_goes_when_mended(visit_again, bundles, field, value, message):
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


def test_the_sheet_is_one_stop_of_the_keyboard_and_its_pictures_load(visit_again, bundle):
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


def test_sliders_stand_in_the_order_of_kl_and_move_one_number_each(visit_again, bundle):
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
def test_without_kl_the_page_says_what_the_order_is(visit, bundles, tmp_path, with_golden, told):
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


def test_the_map_follows_mouse_and_arrow_keys(visit_again, bundles):
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


def test_between_two_seeds(visit_again, bundle):
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


def picture_file(array):
    content = io.BytesIO()
    Image.fromarray(array).save(content, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": content.getvalue()}


def test_a_picture_of_the_person_s_beside_its_reconstruction(visit_again, bundle):
    page = visit_again(bundle)
    given, reconstruction = (page.locator(f"#yours [data-role={role}]") for role in ("given", "reconstruction"))
    height, width, channels = bundle.shape
    colours = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    page.get_by_label("Choose a picture").set_input_files(picture_file(colours))
    image = colours / 255 if channels == 3 else colours @ np.array([[0.299], [0.587], [0.114]]) / 255
    assert_shows(given, image)
    expected = bundle.call("reconstruct", image=image[None].astype(np.float32))["image"][0]
    assert_shows(reconstruction, expected)

    page.get_by_label("Invert light and dark").check()
    assert_shows(given, 1 - image)
    inverted = bundle.call("reconstruct", image=(1 - image)[None].astype(np.float32))["image"][0]
    assert_shows(reconstruction, inverted)

    page.get_by_role("button", name="Explore around it").click()
    assert_shows(page.locator("#explore [data-role=picture]"), inverted)
    playwright.expect(page.locator("#explore [data-role=source]")).to_have_text(
        "The mean of the posterior of mine.png."
    )
    assert page.evaluate("document.activeElement.type") == "range"


def test_a_picture_is_cropped_laid_on_white_turned_upright_and_averaged(visit_again, bundles):
    bundle = bundles["colour"]
    page = visit_again(bundle)
    box, given = page.get_by_label("Choose a picture"), page.locator("#yours [data-role=given]")
    height, width, _ = bundle.shape

    wide = np.zeros((2 * height, 8 * width, 3), np.uint8)
    wide[..., 0] = 255
    wide[:, 3 * width : 5 * width] = [0, 0, 255]  # all that a crop of the centre keeps
    box.set_input_files(picture_file(wide))
    assert_shows(given, np.broadcast_to([0.0, 0.0, 1.0], (height, width, 3)))

    box.set_input_files(picture_file(np.zeros((height, width, 4), np.uint8)))
    assert_shows(given, np.ones((height, width, 3)))

    checks = 255 * (np.indices((16 * height, 16 * width)).sum(0) % 2).astype(np.uint8)
    box.set_input_files(picture_file(np.stack([checks] * 3, -1)))
    page.wait_for_timeout(300)
    np.testing.assert_allclose(shown(given), 127.5, atol=8)

    upright = np.zeros((height, width, 3), np.uint8)
    upright[: height // 2] = 255
    content, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.fromarray(np.rot90(upright).copy()).save(content, "PNG", exif=exif)
    box.set_input_files({"name": "turned.png", "mimeType": "image/png", "buffer": content.getvalue()})
    assert_shows(given, upright / 255)


def test_a_picture_can_be_dropped(visit_again, bundles):
    bundle = bundles["plane"]
    page = visit_again(bundle)
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8), np.uint8)
    page.evaluate(
        """([bytes]) => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(bytes)], 'dropped.png', {type: 'image/png'}));
          const event = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
          if (document.querySelector('#yours .drop').dispatchEvent(event)) throw new Error('the browser would open it');
        }""",
        [list(picture_file(pixels)["buffer"])],
    )
    assert_shows(page.locator("#yours [data-role=given]"), pixels[..., None] / 255)


def test_a_file_that_is_no_picture_is_named(visit_again, bundles):
    page = visit_again(bundles["plane"])
    box = page.get_by_label("Choose a picture")
    box.set_input_files({"name": "notes.png", "mimeType": "image/png", "buffer": b"not a picture"})
    problem = page.locator("#yours .problem")
    playwright.expect(problem).to_contain_text("notes.png cannot be read as an image: choose a PNG, JPEG")
    playwright.expect(page.locator("#yours [data-role=pair]")).to_be_hidden()
    box.set_input_files(picture_file(np.zeros((8, 8), np.uint8)))
    playwright.expect(problem).to_be_empty()
    playwright.expect(page.locator("#yours [data-role=pair]")).to_be_visible()


def test_pictures_can_be_saved(visit_again, bundle):
    page = visit_again(bundle)
    sizes = {"Save sheet": "seed 7.png", "Save picture": "explored.png", "Save strip": "between.png"}
    for button, name in sizes.items():
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).click()
        assert waiting.value.suggested_filename == name
        content = io.BytesIO(waiting.value.path().read_bytes())
        picture = Image.open(content)
        assert picture.format == "PNG"
        assert max(picture.size) >= 256
        if name == "explored.png":
            height, width, _ = bundle.shape
            factor = picture.width // width
            assert picture.size == (factor * width, factor * height)
            one = np.asarray(picture.convert("RGB"))[::factor, ::factor].astype(int)
            expected = as_bytes(bundle.decode(np.zeros(bundle.latent_dim))[0]).astype(int)
            np.testing.assert_allclose(one, expected, atol=1)


def copied(bundle, tmp_path):
    return shutil.copytree(bundle.path, tmp_path / "bundle")


def change_manifest(path, change):
    manifest = json.loads((path / "manifest.json").read_text())
    change(manifest)
    (path / "manifest.json").write_text(json.dumps(manifest))


def flip(path, share):
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.write_bytes(content)


def drop_last(path):
    path.write_bytes(path.read_bytes()[:-1])


REFUSED = {
    "generate.onnx flipped": (
        lambda path: flip(path / "onnx/generate.onnx", 0.5),
        r"onnx/generate\.onnx has another SHA-256 than the manifest says \([0-9a-f]{12}…\)\.",
    ),
    "encode.onnx cut": (
        lambda path: drop_last(path / "onnx/encode.onnx"),
        r"onnx/encode\.onnx has \d+ bytes, and the manifest says \d+\.",
    ),
    "golden.json flipped": (lambda path: flip(path / "golden.json", 0.5), r"golden\.json has another SHA-256"),
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
    "two channels": (
        lambda path: change_manifest(path, lambda manifest: manifest["model"].update(image_shape=[8, 8, 2])),
        r"manifest\.json has image_shape \[8,8,2\], and this page expects height, width, and 1 or 3 channels",
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
def test_a_broken_bundle_is_refused_in_words(visit, bundles, tmp_path, fault):
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


def test_a_missing_manifest_is_named(visit, bundles, tmp_path):
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


def test_a_changed_file_is_used_only_with_consent(visit, bundles, tmp_path):
    bundle = bundles["plane"]
    path = copied(bundle, tmp_path)
    flip(path / "onnx/generate.onnx", 0.9)  # within a weight
    page = visit(path, broken=True)
    consent = page.get_by_label("Use it anyway")
    playwright.expect(consent).to_be_visible()
    consent.press("Space")
    playwright.expect(page.locator("#status")).to_have_text("Ready.")
    playwright.expect(page.locator("#checks")).to_contain_text("3 of 4 files agree with their SHA-256")
    assert not page.locator("#fault").is_visible()
    latent = draw_latents(page, [0, 1], 7)
    np.testing.assert_array_equal(latent, bundle.latents(7, [0, 1]).ravel())


def test_a_file_that_is_no_model_is_named_even_with_consent(visit, bundles, tmp_path):
    path = copied(bundles["plane"], tmp_path)
    (path / "onnx/decode.onnx").write_bytes(b"no model")
    page = visit(path, broken=True)
    page.get_by_label("Use it anyway").check()
    playwright.expect(page.locator("#fault li")).to_contain_text(
        "onnx/decode.onnx is no model that ONNX Runtime can load"
    )
    playwright.expect(page.locator("#consent")).to_be_hidden()


def test_a_manifest_that_lies_about_the_model_is_found_out(visit, bundles, tmp_path):
    path = copied(bundles["plane"], tmp_path)
    BROKEN["another width"][0](path)
    page = visit(path, broken=True)
    playwright.expect(page.locator(".problem").first).to_contain_text("another latent than the manifest says")


def test_what_a_bundle_lacks_is_left_out_with_the_reason(visit, bundles, tmp_path):
    path = copied(bundles["plane"], tmp_path)
    (path / "onnx/encode.onnx").unlink()

    def forget(manifest):
        manifest["files"].pop("onnx/encode.onnx")
        manifest["not_written"]["onnx/encode.onnx"] = "ONNX cannot express encode"

    change_manifest(path, forget)
    page = visit(path)
    playwright.expect(page.locator("#yours")).to_contain_text("Not with this bundle: ONNX cannot express encode.")
    assert page.locator("#explore [data-role=picture]").is_visible()


def test_where_nothing_can_be_checked_the_page_says_why(visit, bundles):
    page = visit(bundles["plane"].path, broken=True, host=ELSEWHERE)
    playwright.expect(page.locator("#fault li")).to_have_count(4)
    playwright.expect(page.locator("#fault li").first).to_contain_text("SHA-256 only for addresses of https")
    page.get_by_label("Use it anyway").check()
    playwright.expect(page.locator("#checks")).to_contain_text("0 of 4 files agree")
    assert page.complaints == []


def test_the_browser_refuses_every_other_address(visit, bundles):
    page = visit(bundles["plane"].path, broken=True)
    playwright.expect(page.locator("#status")).to_have_text("Ready.")
    before = len(page.asked)
    with serving(make_server(bundles["plane"].path)) as other:
        url = address(other)
        refused = page.evaluate("url => fetch(url, {mode: 'no-cors'}).then(() => 'sent', () => 'refused')", url)
    assert refused == "refused"
    assert any("Content Security Policy" in complaint for complaint in page.complaints)
    page.asked = page.asked[:before]


def test_a_bundle_s_own_page_works_on_a_plain_server(browser, bundles):
    bundle = bundles["plane"]
    handler = functools.partial(QuietHandler, directory=os.fspath(bundle.path))
    with (
        serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server,
        browser.new_context() as context,
    ):
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/web/")
        page.evaluate("async () => { await kerasVae.ready; }")
        latent = draw_latents(page, [3], 1)
    np.testing.assert_array_equal(latent, bundle.latents(1, [3]).ravel())


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def end_headers(self):
        # As servers do that know .gz for a packing of the wire.
        if self.path.endswith(".gz"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()


def test_opened_as_a_file_the_page_says_what_to_do(browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((PAGE / "index.html").as_uri())
        playwright.expect(page.locator("#status")).to_contain_text("with keras-vae explore, or python -m http.server")


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


@pytest.mark.parametrize("name", MODELS)
def test_a_phone_shows_it_all_without_scrolling_sideways(visit, bundles, name):
    page = visit(bundles[name].path, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
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
