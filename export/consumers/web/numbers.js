/** Numbers that a person types. */

const INT32 = [-(2 ** 31), 2 ** 31 - 1];
const MOST_IMAGES = 400;

/** @returns {number} an int32; throws RangeError for anything else, as do the others. */
export const readSeed = (input) => readInteger(input, 'seed', INT32);

/** @returns {number} an image number. */
export const readIndex = (input) => readInteger(input, 'image', [0, INT32[1]]);

/** @returns {number} how many images. */
export const readCount = (input) => readInteger(input, 'count', [1, MOST_IMAGES]);

/** @returns {number} a temperature. */
export function readTemperature(input) {
  const value = Number(input.value);
  const good = input.value.trim() && value >= 0 && Number.isFinite(Math.fround(value));
  return judge(input, good, value, 'temperature', 'a finite number of 0 or more: 1 draws from the prior');
}

function readInteger(input, name, [least, most]) {
  const value = Number(input.value);
  const good = input.value.trim() && Number.isInteger(value) && value >= least && value <= most;
  return judge(input, good, value, name, `a whole number from ${least} to ${most}`);
}

function judge(input, good, value, name, expected) {
  input.setAttribute('aria-invalid', String(!good));
  if (good) return value;
  // A number field hides what is no number.
  const given = input.value.trim() || (input.validity.badInput ? 'not a number' : 'empty');
  throw new RangeError(`The ${name} is ${given}: expected ${expected}.`);
}
