/** A picture of the person's beside its reconstruction, and how unusual it is. */

import { latest } from './latest.js';
import { paint, save } from './picture.js';
import { guarded } from './problem.js';
import { readImage } from './upload.js';

/**
 * @param {HTMLElement} panel
 * @param {Model} model
 * @param {{manifest: object, missing: Object<string, string>}} bundle from `loadBundle`.
 * @param {(values: Float32Array, source: string) => void} show called to explore around the picture.
 */
export function startYoursPanel(panel, model, { manifest, missing }, show) {
  const part = (role) => panel.querySelector(`[data-role=${role}]`);
  const { file, invert } = panel.querySelector('form').elements;
  const drop = panel.querySelector('.drop');
  let chosen = null;
  let mean = null;

  const reconstruct = latest(
    guarded(panel, async () => {
      if (!chosen) return;
      part('pair').hidden = true;
      const image = await readImage(chosen, model, invert.checked);
      mean = (await model.encode(image)).mean;
      paint(part('given'), image, model);
      paint(part('reconstruction'), await model.decode(mean), model);
      part('score').textContent = missing.score
        ? `This bundle has no scores: ${missing.score}.`
        : tell(await model.score(image), model, manifest.score.threshold);
      part('pair').hidden = false;
    }),
  );
  model.addEventListener('label', () => reconstruct());
  const take = (files) => {
    if (!files.length) return;
    chosen = files[0];
    reconstruct();
  };
  file.addEventListener('change', () => take(file.files));
  invert.addEventListener('change', () => reconstruct());
  for (const type of ['dragover', 'dragleave', 'drop']) {
    panel.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', type === 'dragover');
      if (type === 'drop') take(event.dataTransfer.files);
    });
  }
  // A picture that misses the panel would take the place of the page.
  for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());
  panel.querySelector('[data-action=explore]').addEventListener('click', () => {
    show(mean, `The mean of the posterior of ${chosen.name}.`);
    document.querySelector('#explore').scrollIntoView();
    document.querySelector('#explore input[type=range]').focus({ preventScroll: true });
  });
  panel.querySelector('[data-action=save]').addEventListener('click', () => save(part('reconstruction'), 'reconstruction.png'));
}

/** Say how unusual a picture is, and what of it is surprising; the words of the verdict are those of score.py. */
function tell({ elbo: [elbo], reconstruction: [reconstruction], kl: [kl] }, model, threshold) {
  const nats = (value) => value.toFixed(2).replace('-', '−');
  const bits = (-elbo / Math.LN2 / model.pixels).toFixed(3).replace('-', '−');
  const score = `ELBO ${nats(elbo)} nats, or ${bits} bits per dimension: reconstruction ${nats(reconstruction)}, KL ${nats(kl)}.`;
  if (!threshold) return `${score} The lower the ELBO, the more unusual the picture. The bundle has no threshold for a verdict.`;
  const verdict = elbo < threshold.elbo ? 'unusual' : 'usual';
  const rate = Number((100 * threshold.false_alarm_rate).toPrecision(3));
  return `${score} Verdict: ${verdict}. Pictures below ${nats(threshold.elbo)} nats count as unusual, as do ${rate} % of normal pictures.`;
}
