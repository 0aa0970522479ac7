import type { SessionObservation } from '../decide/health.js';

/**
 * Whether an agent need not be told of work because its inbox says all of it: one that has more to do than slots for it has
 * read that by the time that it comes to it. A trace is handed on by the session alone.
 */
export const isToldByInbox = (
  { isOnInbox = false, traceparent }: { readonly isOnInbox?: boolean; readonly traceparent?: string },
  { load }: Pick<SessionObservation, 'load'>,
): boolean => isOnInbox && traceparent === undefined && (load?.queued ?? 0) > 0;
