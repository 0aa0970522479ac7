/** From and to, milliseconds. */
export type RangeMs = readonly [from: number, to: number];

/** How well a network in memory works at the moment. Shares are from 0 to 1; everything can be changed at any time. */
export interface Conditions {
  /** From the submission to the node's answer. */
  answerMs: RangeMs;
  /** From the node's answer to consensus; what overlaps may change places. */
  consensusMs: RangeMs;
  /** How long a caller waits for an answer that does not come. */
  timeoutMs: number;
  /** Share of submissions that the node answers with BUSY. */
  busy: number;
  /** Share of submissions that never arrive. */
  lostRequests: number;
  /** Share of submissions that are taken, but nobody is told. */
  lostAnswers: number;
  /** Share of submissions that arrive twice, the answer being that to the second. */
  doubled: number;
  /** Share of submissions that the node takes and loses before consensus. */
  dropped: number;
  /** Share of receipts that cannot be had. */
  lostReceipts: number;
  /** Share of transactions that consensus throttles. */
  throttled: number;
  /** Share of rounds after which an execution gives up, its outcome unknown. */
  givenUp: number;
  /** No node answers. */
  nodeAway: boolean;
  /** No mirror answers, and no stream brings anything. */
  mirrorAway: boolean;
  /** Share of mirror reads that fail. */
  mirrorErrors: number;
  /** How long a mirror read takes. */
  readMs: RangeMs;
  /** What is younger is not shown over REST. */
  restLagMs: number;
  /** What is younger is not brought by streams. */
  streamLagMs: number;
}

/** A network where everything happens at once and nothing goes wrong. */
export const CALM: Readonly<Conditions> = {
  answerMs: [0, 0],
  consensusMs: [0, 0],
  timeoutMs: 2_000,
  busy: 0,
  lostRequests: 0,
  lostAnswers: 0,
  doubled: 0,
  dropped: 0,
  lostReceipts: 0,
  throttled: 0,
  givenUp: 0,
  nodeAway: false,
  mirrorAway: false,
  mirrorErrors: 0,
  readMs: [0, 0],
  restLagMs: 0,
  streamLagMs: 0,
};
