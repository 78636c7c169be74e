/**
 * The page: loads the bundle, starts the panels, and offers `window.kerasVae` to scripts:
 *
 *     await kerasVae.ready                                       // rejects where the bundle cannot be used
 *     await kerasVae.generate([0, 1], seed, temperature)         // {image, latent}
 *     await kerasVae.encode(image)                               // {mean, stddev}
 *     await kerasVae.decode(latent)                              // image
 *     await kerasVae.score(image)                                // {elbo, reconstruction, kl, bound}, in nats
 *
 * The functions of a conditional model take the class last; without it, it is the one chosen on the page.
 * Images are Float32Array of n*H*W*C pixels in [0, 1], latents of n*d numbers.
 */

import { startBetweenPanel } from './between_panel.js';
import { loadBundle, UntrustedFiles } from './bundle.js';
import { startDrawPanel } from './draw_panel.js';
import { startExplorePanel } from './explore_panel.js';
import { checkLatents } from './golden.js';
import { Latent, orderDimensions } from './latent.js';
import { startMap } from './map_panel.js';
import { Model } from './model.js';
import { keepOffline } from './offline.js';
import { startRuntime } from './runtime.js';
import { startYoursPanel } from './yours_panel.js';

const element = (id) => document.getElementById(id);
const say = (text) => (element('status').textContent = text);

async function start(trusting) {
  say('Loading the model …');
  const bundle = await loadBundle(trusting);
  const golden = readGolden(bundle.files.golden);
  say('Starting ONNX Runtime …');
  const model = await Model.create(await startRuntime(), bundle);
  describe(bundle.manifest);
  offerClasses(model);
  const usable = (id) => leaveOut(element(id), bundle);
  element('panels').hidden = false;

  const latent = new Latent(model.latentDim);
  const drawing = element('draw').querySelector('form');
  let show = (values) => latent.set(values);
  if (usable('explore')) {
    const dimensions = orderDimensions(bundle.manifest, golden);
    const explored = startExplorePanel(element('explore'), model, latent, dimensions, drawing);
    show = explored.show;
    if (model.latentDim === 2) await startMap(element('explore'), model, latent, show);
    // A picture of the seed: the middle of the latent space may be a place where a prior never draws.
    if (!bundle.missing.generate) await explored.take();
    else {
      element('explore').querySelector('[type=submit]').parentElement.hidden = true;
      show(new Float32Array(model.latentDim), 'The middle of the latent space.');
    }
  }
  const choose = (values, source) => {
    show(values, source);
    say(`${source.replace(/\.$/, '')} is in the sliders.`);
  };
  if (usable('draw')) await startDrawPanel(element('draw'), model, choose);
  if (usable('between')) await startBetweenPanel(element('between'), model, drawing);
  if (usable('yours')) startYoursPanel(element('yours'), model, bundle, show);
  say('Ready.');
  await tellChecks(bundle, model, golden);
  keepOffline().then((kept) => (element('kept').hidden = !kept));
  return model;
}

/** Let the person choose the class of all pictures, where the model has classes. */
function offerClasses(model) {
  const [form, select] = [element('class'), element('class').querySelector('select')];
  form.hidden = !model.classes;
  select.replaceChildren(...Array.from({ length: model.classes ?? 0 }, (_, label) => new Option(model.classNames[label] ?? label, label)));
  select.addEventListener('change', () => (model.label = Number(select.value)));
}

function readGolden(bytes) {
  try {
    return bytes ? JSON.parse(new TextDecoder().decode(bytes)) : null;
  } catch {
    return null; // only reached by a person who trusts a changed file
  }
}

/** Replace a panel by a sentence where the bundle lacks what it needs; return whether it can start. */
function leaveOut(panel, { missing }) {
  const reasons = panel.dataset.needs.split(' ').flatMap((name) => missing[name] ?? []);
  if (reasons.length) {
    const sentence = document.createElement('p');
    sentence.textContent = `Not available with this bundle: ${reasons.join('; ')}.`;
    panel.replaceChildren(panel.querySelector('h2'), sentence);
  }
  return !reasons.length;
}

const COLOURS = { 1: 'gray', 3: 'colour', 4: 'colour and transparency' };

function describe({ model, metrics }) {
  const [height, width, channels] = model.image_shape;
  const facts = [
    `${width} × ${height} pixels, ${COLOURS[channels] ?? `${channels} channels`}`,
    `${model.latent_dim} latent dimensions`,
    `${model.parameters?.decoder?.toLocaleString('en')} parameters in the decoder`,
  ];
  if (Number.isFinite(metrics?.elbo)) facts.push(`ELBO ${metrics.elbo.toFixed(2).replace('-', '−')} nats per image`);
  element('facts').textContent = facts.join(' · ');
}

async function tellChecks({ checked, files, missing }, model, golden) {
  const told = [`${checked} of ${Object.keys(files).length} files match their SHA-256.`];
  if (golden && !missing.generate) {
    const { equal, all } = await checkLatents(model, golden);
    told.push(`${equal} of ${all} reference latents are equal, bit for bit, in this browser.`);
    if (equal < all) say('Ready, but this browser draws other latents than the bundle: see the bottom of the page.');
  }
  element('checks').textContent = told.join(' ');
}

function tellFault(error) {
  const list = element('fault').querySelector('ul');
  list.replaceChildren(
    ...(error.problems ?? [error.message]).map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }),
  );
  element('consent').hidden = !(error instanceof UntrustedFiles);
  element('fault').hidden = false;
  element('panels').hidden = true;
  say('The model did not load.');
}

/** Start; where files are not trusted, wait for the person's consent and start again. */
async function run(trusting) {
  try {
    return await start(trusting);
  } catch (error) {
    tellFault(error);
    if (!(error instanceof UntrustedFiles)) throw error;
    await new Promise((resolve) => {
      element('consent').querySelector('input').addEventListener('change', resolve, { once: true });
    });
    element('fault').hidden = true;
    return run(true);
  }
}

const ready = run(false);
ready.catch(() => {}); // it is on the page
window.kerasVae = {
  ready,
  generate: async (...args) => (await ready).generate(...args),
  encode: async (...args) => (await ready).encode(...args),
  decode: async (...args) => (await ready).decode(...args),
  score: async (...args) => (await ready).score(...args),
};
