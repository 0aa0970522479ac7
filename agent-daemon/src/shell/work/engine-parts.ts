import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Limits } from '../../config/daemon-config.js';
import type { Load } from '../../core/admission.js';
import type { Ending } from '../../core/attempt.js';
import type { NumberedEvent } from '../../core/event-log.js';
import type { Store } from '../store/store.js';
import type { ExecutorRegistry } from './executor-registry.js';
import type { JournalPoster } from './journal-poster.js';
import type { LiveAttempt } from './live-attempt.js';
import type { Runner } from './runner.js';

/** Who hears of events. */
export interface EngineListener {
  event(ref: AttemptRef, event: NumberedEvent): void;
  loadChanged(load: Load): void;
  /** An attempt is over, at a time in milliseconds since the Unix epoch. */
  finished(live: LiveAttempt, ending: Ending, atMs: number): void;
}

const noop = (): void => undefined;

export const NOBODY: EngineListener = { event: noop, loadChanged: noop, finished: noop };

export interface EngineParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  /** The token this agent works for. */
  readonly token: TokenId;
  readonly registry: ExecutorRegistry;
  readonly runner: Runner;
  readonly poster: JournalPoster;
  readonly log: Logger;
}
