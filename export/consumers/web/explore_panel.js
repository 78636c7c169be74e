/** One picture, large, and a slider for each number of its latent. */

import { latest } from './latest.js';
import { readIndex, readSeed, readTemperature } from './numbers.js';
import { paint, save } from './picture.js';
import { guarded } from './problem.js';

const LIMIT = 3; // standard deviations of the prior, either way
const SHOWN = 16; // sliders; the others fold away

/**
 * @param {HTMLElement} panel
 * @param {Model} model
 * @param {Latent} latent
 * @param {{order: number[], kl: number[] | null, how: string}} dimensions from `orderDimensions`.
 * @param {HTMLFormElement} drawing the form with the seed and the temperature of "Load".
 * @returns {{show: (values: ArrayLike<number>, source: string) => void, take: () => Promise<void>}} `show` shows a latent,
 *   saying where it is from; `take` that of the seed's image in the form.
 */
export function startExplorePanel(panel, model, latent, dimensions, drawing) {
  const part = (role) => panel.querySelector(`[data-role=${role}]`);
  const form = panel.querySelector('form');
  const others = panel.querySelector('details');
  const picture = part('picture');
  const sliders = new Map();

  part('order').textContent = dimensions.how;
  for (const [rank, j] of dimensions.order.entries()) {
    const { label, input, output } = slider(j, dimensions.kl?.[j]);
    input.addEventListener('input', () => {
      part('source').textContent = '';
      latent.setOne(j, Number(input.value));
    });
    sliders.set(j, { input, output });
    part(rank < SHOWN ? 'sliders' : 'others').append(label);
  }
  others.hidden = model.latentDim <= SHOWN;
  others.querySelector('summary').textContent = `The other ${model.latentDim - SHOWN} dimensions`;

  const redraw = latest(guarded(panel, async () => paint(picture, await model.decode(latent.values), model)));
  latent.addEventListener('change', () => {
    for (const [j, { input, output }] of sliders) {
      const value = latent.values[j];
      const limit = Math.max(LIMIT, Math.ceil(Math.abs(value)));
      [input.min, input.max] = [-limit, limit];
      if (Math.abs(Number(input.value) - value) > input.step / 2) input.value = value;
      output.textContent = value.toFixed(2);
    }
    redraw();
  });

  model.addEventListener('label', () => redraw());

  const show = (values, source) => {
    part('source').textContent = source;
    latent.set(values);
  };
  const take = guarded(panel, async () => {
    const index = readIndex(form.elements.index);
    const seed = readSeed(drawing.elements.seed);
    const taken = await model.generate([index], seed, readTemperature(drawing.elements.temperature));
    show(taken.latent, `Image ${index} of seed ${seed}.`);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    take();
  });
  panel.querySelector('[data-action=zero]').addEventListener('click', () => {
    show(new Float32Array(model.latentDim), 'The middle of the latent space.');
  });
  panel.querySelector('[data-action=save]').addEventListener('click', () => save(picture, 'explored.png'));
  return { show, take };
}

function slider(j, kl) {
  const label = document.createElement('label');
  const name = document.createElement('span');
  const input = document.createElement('input');
  const output = document.createElement('output');
  name.textContent = `z${j}`;
  output.ariaLive = 'off'; // the slider itself is read out
  if (kl !== undefined) name.title = `KL ${kl.toFixed(2)} nats`;
  Object.assign(input, { type: 'range', min: -LIMIT, max: LIMIT, step: 0.05, value: 0 });
  input.setAttribute('aria-label', kl === undefined ? `z${j}` : `z${j}, KL ${kl.toFixed(2)} nats`);
  label.append(name, input, output);
  if (kl !== undefined) {
    const bar = document.createElement('small');
    bar.textContent = `${kl.toFixed(2)} nats`;
    label.append(bar);
  }
  return { label, input, output };
}
