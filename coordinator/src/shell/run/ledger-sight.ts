import type { LedgerFeed, Look } from '@gatepost/party/ledger/ledger-feed';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_MS } from '@gatepost/shared/vocabulary/time';
import type { OpenWait } from './waits.js';

/** What is expected of the ledger by now, by all runs together. */
export interface Expected {
  /** Inboxes on which something of ours may be that was not folded yet. */
  readonly unseen: Iterable<TopicId>;
  /** Whether anything is under way, here or at an agent. */
  readonly isUnderWay: boolean;
  readonly awaits: NonNullable<Look['awaits']>;
}

/** What the ledger is looked at with. */
export interface SightParts {
  readonly feed: LedgerFeed;
  /** The fold of what belongs to no run: epochs, agents, inboxes. */
  readonly lives: RunState;
  /** See `Limits`. */
  readonly quarantineMs: number;
  /** Pause between looks over REST while the journal is silent, for the mirror's sake. */
  readonly inboxPollMs: number;
  /** Least pause between questions to the mirror. */
  readonly restPauseMs: number;
  /** Told of when the mirror does not answer. */
  readonly mirror: OpenWait;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long the journal's subscription may bring nothing, while something is under way, before REST is asked too. */
const CATCH_UP_MS = 5_000;
/** How long news of the journal waits for receipts and for the list of own messages before all is read over REST. */
const HELD_BACK_MS = 50;

/** Looks at the ledger for all runs of this process: by what, how often, and at which inboxes. */
export class LedgerSight {
  /** When the mirror was asked last, and when all of the ledger was looked at or something came of it. */
  #askedMs = 0;
  #movedMs = 0;
  /** When it last did not answer, or not yet. */
  #failedMs = Number.NEGATIVE_INFINITY;
  #heardMs: number;
  /** The message of the journal that waits for what may stand before it, and since when. */
  #held: { readonly message: number; readonly sinceMs: number } | undefined;

  constructor(private readonly parts: SightParts) {
    this.#heardMs = parts.clock.nowMs();
  }

  /** What has come into sight; nothing when the mirror was not to be asked, or did not answer. */
  async read(expected: Expected, begun: boolean): Promise<readonly LedgerRecord[]> {
    const { feed, mirror, log, clock, restPauseMs } = this.parts;
    if (clock.nowMs() - this.#failedMs < restPauseMs) return [];
    const look = this.#howToLook(expected, begun);
    if (look === undefined) return [];
    const { by, inboxes } = look;
    let records: LedgerRecord[];
    try {
      records = await feed.read(inboxes, { by, awaits: expected.awaits });
      // Where nothing was asked of the mirror, a stream that brings nothing does not say that it is there.
      if (by !== 'stream' || inboxes.size > 0 || records.length > 0) mirror.end();
    } catch (thrown) {
      const error = toGatepostError(thrown, 'MIRROR_UNREACHABLE');
      this.#failedMs = clock.nowMs();
      mirror.note(`to answer: ${error.message}`);
      log.debug({ code: error.code }, `${error.message}; trying again`);
      return [];
    }
    if (records.length > 0) this.#movedMs = clock.nowMs();
    if (feed.heldBack !== this.#held?.message || by === 'rest') {
      this.#held = feed.heldBack === undefined ? undefined : { message: feed.heldBack, sinceMs: clock.nowMs() };
    }
    return records;
  }

  /**
   * Whether a process before this one may still have messages under way. It fell silent; what it sent is decided once
   * the journal was read beyond the window of its last transaction. Before its own epoch was read a process does not
   * know whether it has taken over.
   */
  #afterPredecessor(begun: boolean): boolean {
    const { takenOverAt, journalAt } = this.parts.lives;
    if (!begun) return true;
    return takenOverAt > 0n && journalAt <= takenOverAt + BigInt(this.parts.quarantineMs) * NANOS_PER_MS;
  }

  /** Whether the subscription has brought nothing for long although something is expected. */
  #isQuiet(isUnderWay: boolean): boolean {
    const { feed, clock } = this.parts;
    const nowMs = clock.nowMs();
    if (feed.hasNews) this.#heardMs = nowMs;
    if (!isUnderWay || nowMs - this.#heardMs < CATCH_UP_MS) return false;
    this.#heardMs = nowMs;
    return true;
  }

  /** By what the ledger is read now, and which inboxes; undefined while that takes the mirror and it must not be asked again. */
  #howToLook(
    { unseen, isUnderWay }: Expected,
    begun: boolean,
  ): (Required<Pick<Look, 'by'>> & { readonly inboxes: ReadonlySet<TopicId> }) | undefined {
    const { feed, inboxPollMs, restPauseMs, lives, clock } = this.parts;
    const nowMs = clock.nowMs();
    const quiet = this.#isQuiet(isUnderWay);
    const mayAsk = nowMs - this.#askedMs >= restPauseMs;
    // A run that is over may have left something on its way.
    const inboxes = new Set([...unseen, ...feed.sentTo]);
    const none: ReadonlySet<TopicId> = new Set();
    const stands = nowMs - this.#movedMs >= inboxPollMs;
    if (this.#afterPredecessor(begun)) {
      // What was heard is nothing to go by: the predecessor may have written to inboxes before it.
      if (feed.hasNews ? !mayAsk : !quiet && !stands) return undefined;
      for (const topic of lives.inboxes.keys()) inboxes.add(topic);
      return this.#ask('rest', inboxes, nowMs);
    }
    if (quiet && inboxes.size === 0) return this.#ask('catch-up', none, nowMs);
    const isHeldUp = nowMs - (this.#held?.sinceMs ?? nowMs) >= HELD_BACK_MS;
    if (quiet || (mayAsk && inboxes.size > 0 && (stands || isHeldUp))) return this.#ask('rest', inboxes, nowMs);
    return mayAsk && feed.isListBehind ? this.#ask('list', inboxes, nowMs) : { by: 'stream', inboxes: none };
  }

  #ask<By extends 'list' | 'catch-up' | 'rest'>(by: By, inboxes: ReadonlySet<TopicId>, nowMs: number) {
    this.#askedMs = nowMs;
    if (by !== 'list') this.#movedMs = nowMs;
    return { by, inboxes };
  }
}
