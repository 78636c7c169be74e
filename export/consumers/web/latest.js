/**
 * Wrap a slow function for fast events: while a call runs, only the last of the calls that came in is kept.
 * @param {(...args: any[]) => Promise<any>} task
 * @returns {(...args: any[]) => Promise<void>} resolves when everything asked for is done.
 */
export function latest(task) {
  let running = null;
  let next = null;
  const work = async () => {
    while (next) {
      const args = next;
      next = null;
      await task(...args);
    }
  };
  return (...args) => {
    next = args;
    running ??= work().finally(() => (running = null));
    return running;
  };
}
