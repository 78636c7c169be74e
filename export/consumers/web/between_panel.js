/** The way from one seed's first image to another's. */

import { between } from './latent.js';
import { latest } from './latest.js';
import { readSeed, readTemperature } from './numbers.js';
import { paint, save } from './picture.js';
import { guarded } from './problem.js';

const STEPS = 9;

/**
 * @param {HTMLElement} panel
 * @param {Model} model
 * @param {HTMLFormElement} drawing the form with the temperature.
 * @returns {Promise<void>} resolves when the first strip is drawn.
 */
export function startBetweenPanel(panel, model, drawing) {
  const form = panel.querySelector('form');
  const way = panel.querySelector('[name=way]');
  const [strip, picture] = ['strip', 'picture'].map((role) => panel.querySelector(`[data-role=${role}]`));
  let ends = null;

  const drawPicture = latest(
    guarded(panel, async () => {
      const t = Number(way.value);
      panel.querySelector('output').textContent = `${Math.round(100 * t)} %`;
      if (ends) paint(picture, await model.decode(between(...ends, t)), model);
    }),
  );
  const drawAll = latest(
    guarded(panel, async () => {
      const { from, to } = form.elements;
      const temperature = readTemperature(drawing.elements.temperature);
      const seeds = [readSeed(from), readSeed(to)];
      ends = await Promise.all(seeds.map(async (seed) => (await model.generate([0], seed, temperature)).latent));
      const steps = Array.from({ length: STEPS }, (_, i) => Array.from(between(...ends, i / (STEPS - 1))));
      paint(strip, await model.decode(Float32Array.from(steps.flat())), model, STEPS, true);
      await drawPicture();
    }),
  );
  form.addEventListener('input', () => drawAll());
  model.addEventListener('label', () => drawAll());
  form.addEventListener('submit', (event) => event.preventDefault());
  drawing.elements.temperature.addEventListener('input', () => drawAll());
  way.addEventListener('input', () => drawPicture());
  panel.querySelector('[data-action=save]').addEventListener('click', () => save(strip, 'between.png'));
  return drawAll();
}
