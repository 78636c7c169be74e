/**
 * Wrap a panel's task: what it throws is shown in the panel, and goes when it next succeeds.
 * @param {HTMLElement} panel holds an element of the class "problem".
 * @param {(...args: any[]) => Promise<any>} task
 * @returns {(...args: any[]) => Promise<void>}
 */
export function guarded(panel, task) {
  const place = panel.querySelector('.problem');
  return async (...args) => {
    try {
      await task(...args);
      place.textContent = '';
    } catch (error) {
      place.textContent = error.message;
    }
  };
}
