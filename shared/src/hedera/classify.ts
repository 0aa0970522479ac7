import type { Status } from '@hashgraph/sdk';
import { sdk } from './sdk.js';

/**
 * What an error that the SDK threw at a submission says of the transaction, by its class and never by its text.
 * - `refused`: this node looked at it and would not have it.
 * - `later`: this node would not take it now; nothing was taken by this attempt.
 * - `taken-or-expired`: its id was seen before, or its window is over; both say nothing about an earlier submission.
 * - `unanswered`: whether it arrived cannot be said.
 */
export type SubmissionError =
  | { readonly kind: 'refused'; readonly status: string }
  | { readonly kind: 'later'; readonly why: string }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unanswered'; readonly why: string };

/** Precheck statuses with which a node asks for patience (facts, section 2.4); nothing was taken. */
const LATER = new Set([
  sdk.Status.Busy,
  sdk.Status.PlatformNotActive,
  sdk.Status.PlatformTransactionNotCreated,
  sdk.Status.CreatingSystemEntities,
  sdk.Status.WaitingForLedgerId,
]);

/** The status of a node's answer after which the SDK would ask again and may not; it is told nowhere but at the end of the text. */
function laterAtLast(error: unknown): string | undefined {
  if (!(error instanceof sdk.MaxAttemptsOrTimeoutError)) return undefined;
  return [...LATER].map(String).find((status) => error.message.endsWith(`last error being: ${status}`));
}

/** Errors of the language itself: they say that a program is wrong, not that a network is away. */
const isDefect = (error: unknown): boolean =>
  error instanceof TypeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError ||
  error instanceof RangeError;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Classifies what one attempt of `Transaction.execute` threw. A status of precheck is the node's answer; whatever else the SDK throws
 * (`GrpcServiceError`, `MaxAttemptsOrTimeoutError`, its plain errors about nodes that are not healthy) means that there
 * was none.
 * @throws the error itself when it is a defect of a program.
 */
export function classifySubmission(error: unknown): SubmissionError {
  if (error instanceof sdk.PrecheckStatusError) {
    const { status } = error;
    if (status === sdk.Status.DuplicateTransaction) return { kind: 'duplicate' };
    if (status === sdk.Status.TransactionExpired) return { kind: 'expired' };
    if (LATER.has(status)) return { kind: 'later', why: status.toString() };
    return { kind: 'refused', status: status.toString() };
  }
  const later = laterAtLast(error);
  if (later !== undefined) return { kind: 'later', why: later };
  if (isDefect(error)) throw error;
  return { kind: 'unanswered', why: textOf(error) };
}

/**
 * Why a receipt could not be had. That a node does not know an id, or does not answer, are the same here: the mirror
 * is asked in both cases.
 * @throws the error itself when it is a defect of a program.
 */
export function classifyReceipt(error: unknown): string {
  if (isDefect(error)) throw error;
  return textOf(error);
}

/** Statuses of a receipt with which the network says that it would have done it at another moment. */
const NOT_NOW = new Set([sdk.Status.ThrottledAtConsensus]);

/** Whether a receipt says that the transaction did not happen for a reason that passes. */
export const isNotNow = (status: Status): boolean => NOT_NOW.has(status);
