import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { sha256 } from '@gatepost/shared/vocabulary/digest';

/** What a sweep must have seen at least once, or it does not test what it should. */
export const MARKS = [
  'a batch was split',
  'a payment was refused',
  'a payment was unknown and turned out done',
  'a payment never happened and was asked for again',
  'a coordinator died with a payment under way',
  'a coordinator was taken over with a payment under way',
  'a coordinator noticed that it was fenced',
  'a run was resumed',
  'two runs were open at once',
  'a run was opened beside another',
  'two coordinators acted at once',
  'a submission was a duplicate',
  'the node was busy',
  'a lease lapsed',
  'a guard spoke',
  'a deadline passed',
  'a result came late',
  'an attempt was superseded',
  'an assignment had no effect',
  'an agent announced an inbox of another',
  'an output was fetched',
  'an output was rejected',
  'a quorum agreed',
  'a review was done',
  'a person decided',
  'a run was cancelled',
  'a run failed',
  'a run was complete',
  'a lie was told',
  'a daemon lost what was not flushed',
  'a daemon reported again after a restart',
  'a daemon lost its disk',
  'a write was torn',
  'a disk was full',
  'a stream stalled while another worked',
  'the mirror was away',
  'the node was away',
] as const;

/** The same for a sweep with a gatekeeper, besides. */
export const GATEKEEPER_MARKS = [
  'a gatekeeper died',
  'two gatekeepers acted at once',
  'a gatekeeper waited for what its predecessor signed',
  'a gatekeeper waited for what it had signed itself',
  'an answer of a gatekeeper was lost',
] as const;

export type Mark = (typeof MARKS)[number] | (typeof GATEKEEPER_MARKS)[number];

/** Everything that happens in one run, line by line, and what of it a sweep has to see. */
export class Events {
  readonly lines: string[] = [];
  readonly marks = new Set<Mark>();
  readonly #startMs: number;

  constructor(readonly clock: Clock) {
    this.#startMs = clock.nowMs();
  }

  note(who: string, what: string): void {
    this.lines.push(`${this.clock.nowMs() - this.#startMs} ${who}: ${what}`);
  }

  mark(mark: Mark): void {
    this.marks.add(mark);
  }

  /** The same for the same events, byte for byte. */
  get digest(): string {
    return sha256(this.lines.join('\n'));
  }

  /** A logger whose lines become events, all but the debug ones. */
  logger(who: string): Logger {
    const write = (first: unknown, second?: string): void => {
      const text = typeof first === 'string' ? first : `${second ?? ''} ${JSON.stringify(first)}`;
      if (text.startsWith('batch refused; splitting')) this.mark('a batch was split');
      if (text.startsWith('payment refused')) this.mark('a payment was refused');
      this.note(who, text);
    };
    const silent = (): void => undefined;
    const logger = { fatal: write, error: write, warn: write, info: write, debug: silent, trace: silent };
    // The product uses no more of a logger than these.
    return logger as unknown as Logger;
  }
}
