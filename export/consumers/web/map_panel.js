/** The map of a latent space of two dimensions: pictures everywhere, and a point to drag. */

import { paint } from './picture.js';
import { guarded } from './problem.js';

const LIMIT = 3; // standard deviations of the prior, either way
const SIDE = 15; // pictures a side
const STEP = 0.1; // of an arrow key

/**
 * @param {HTMLElement} panel of the exploration.
 * @param {Model} model with two latent dimensions.
 * @param {Latent} latent
 * @param {(values: number[], source: string) => void} show
 * @returns {Promise<void>} resolves when the map is drawn.
 */
export function startMap(panel, model, latent, show) {
  const map = panel.querySelector('[data-role=map]');
  const canvas = map.querySelector('canvas');
  const point = map.querySelector('.point');
  const place = map.querySelector('p');
  map.hidden = false;

  const limited = (value) => Math.min(LIMIT, Math.max(-LIMIT, value));
  const go = (x, y) => show([limited(x), limited(y)], '');
  const drag = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    go(((event.clientX - left) / width) * 2 * LIMIT - LIMIT, LIMIT - ((event.clientY - top) / height) * 2 * LIMIT);
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) drag(event);
  });
  canvas.addEventListener('keydown', (event) => {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const direction = directions[event.key];
    if (!direction) return;
    event.preventDefault();
    const step = event.shiftKey ? 5 * STEP : STEP;
    go(...latent.values.map((value, j) => value + step * direction[j]));
  });
  latent.addEventListener('change', () => {
    const [x, y] = latent.values;
    point.style.left = `${(50 * (limited(x) + LIMIT)) / LIMIT}%`;
    point.style.top = `${(50 * (LIMIT - limited(y))) / LIMIT}%`;
    place.textContent = `z0 = ${x.toFixed(2)} across, z1 = ${y.toFixed(2)} up`;
  });

  const draw = guarded(panel, async () => {
    // The middle of each picture is its latent's place.
    const at = (cell) => ((2 * cell + 1) / SIDE - 1) * LIMIT;
    const cells = Array.from({ length: SIDE * SIDE }, (_, i) => [at(i % SIDE), -at(Math.floor(i / SIDE))]);
    paint(canvas, await model.decode(Float32Array.from(cells.flat())), model, SIDE);
  });
  model.addEventListener('label', () => draw());
  return draw();
}
