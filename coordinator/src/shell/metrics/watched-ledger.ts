import type { Clock } from '@gatepost/shared/clock';
import type { Action, Ledger, PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import { msFromNanos } from '@gatepost/shared/vocabulary/time';

/** What a transaction of the coordinator's does. */
export type TransactionKind = 'payment' | 'message' | 'guard' | 'guard_deletion';

/** Whoever counts what a ledger is asked for. */
export interface LedgerWatch {
  /** The outcome of a transaction is known; `unknown` ones are asked for again and not told. */
  ended(kind: TransactionKind, outcome: Exclude<Outcome['kind'], 'unknown'>): void;
  /** Nobody could tell what became of a transaction: it is submitted again. */
  again(kind: TransactionKind): void;
  /** A message came by subscription, milliseconds after its consensus timestamp. */
  shown(lagMs: number): void;
}

function kindOf(actions: readonly Action[]): TransactionKind {
  const kinds = new Set(actions.map(({ kind }) => kind));
  if (kinds.has('transfer')) return 'payment';
  if (kinds.has('schedule')) return 'guard';
  return kinds.has('unschedule') ? 'guard_deletion' : 'message';
}

/** The same ledger, with somebody who counts. */
export function watchedLedger(ledger: Ledger, clock: Clock, watch: LedgerWatch): Ledger {
  const kinds = new WeakMap<PreparedTransaction, TransactionKind>();
  return {
    ...ledger,
    prepare: async (actions, options) => {
      const prepared = await ledger.prepare(actions, options);
      kinds.set(prepared, kindOf(actions));
      return prepared;
    },
    execute: async (prepared, options = {}) => {
      const kind = kinds.get(prepared) ?? 'message';
      const onWait = (why: string) => {
        watch.again(kind);
        options.onWait?.(why);
      };
      const outcome = await ledger.execute(prepared, { ...options, onWait });
      if (outcome.kind !== 'unknown') watch.ended(kind, outcome.kind);
      return outcome;
    },
    follow: async function* (topic, after, signal) {
      for await (const message of ledger.follow(topic, after, signal)) {
        watch.shown(Math.max(0, clock.nowMs() - msFromNanos(message.consensusTimestamp)));
        yield message;
      }
    },
  };
}
