/** The sheet of pictures of a seed. */

import { latest } from './latest.js';
import { readCount, readSeed, readTemperature } from './numbers.js';
import { paint, save } from './picture.js';
import { guarded } from './problem.js';

/**
 * @param {HTMLElement} panel
 * @param {Model} model
 * @param {(values: Float32Array, source: string) => void} choose called with the latent of a picture chosen.
 * @returns {Promise<void>} resolves when the first sheet is drawn.
 */
export function startDrawPanel(panel, model, choose) {
  const form = panel.querySelector('form');
  const { seed, temperature, count } = form.elements;
  const sheet = panel.querySelector('.sheet');
  let drawn = null;

  const draw = latest(
    guarded(panel, async () => {
      const asked = { seed: readSeed(seed), temperature: readTemperature(temperature), count: readCount(count) };
      const index = Array.from({ length: asked.count }, (_, i) => i);
      drawn = { ...asked, ...(await model.generate(index, asked.seed, asked.temperature)) };
      while (sheet.children.length > asked.count) sheet.lastChild.remove();
      while (sheet.children.length < asked.count) sheet.append(tile(sheet.children.length));
      for (const [i, { firstChild }] of [...sheet.children].entries()) {
        paint(firstChild, drawn.image.subarray(i * model.pixels, (i + 1) * model.pixels), model);
      }
      if (!sheet.querySelector('[tabindex="0"]')) sheet.firstChild.tabIndex = 0;
    }),
  );

  function tile(i) {
    const button = document.createElement('button');
    button.type = 'button';
    button.tabIndex = i ? -1 : 0; // one stop of the Tab key for the whole sheet
    button.setAttribute('aria-label', `Explore image ${i}`);
    button.append(document.createElement('canvas'));
    button.addEventListener('click', () => {
      const latent = drawn.latent.slice(i * model.latentDim, (i + 1) * model.latentDim);
      choose(latent, `Image ${i} of seed ${drawn.seed}.`);
    });
    return button;
  }

  sheet.addEventListener('keydown', (event) => {
    const tiles = [...sheet.children];
    const at = tiles.indexOf(document.activeElement);
    const columns = getComputedStyle(sheet).gridTemplateColumns.split(' ').length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -at, End: tiles.length - 1 - at };
    const next = tiles[at + step[event.key]];
    if (!next) return;
    event.preventDefault();
    tiles[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  form.addEventListener('input', () => draw());
  model.addEventListener('label', () => draw());
  form.addEventListener('submit', (event) => event.preventDefault());
  panel.querySelector('[data-action=next]').addEventListener('click', () => {
    const value = Number(seed.value);
    seed.value = value < 2 ** 31 - 1 ? value + 1 : -(2 ** 31);
    draw();
  });
  panel.querySelector('[data-action=save]').addEventListener('click', () => {
    const canvas = document.createElement('canvas');
    paint(canvas, drawn.image, model, Math.ceil(Math.sqrt(drawn.count)), true);
    save(canvas, `seed ${drawn.seed}.png`);
  });
  return draw();
}
