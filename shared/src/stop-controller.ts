import { setMaxListeners } from 'node:events';

/**
 * An AbortController whose signal as many may listen to as there are at work: Node takes more than ten listeners of one
 * for a leak, and says so on standard error.
 */
export function stopController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
