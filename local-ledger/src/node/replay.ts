import type { LedgerClock } from '../clock.js';
import type { CryptoPort } from '../core/crypto-port.js';
import type { Handled } from '../core/handling/dispatch.js';
import type { Envelope } from '../core/ingest/envelope.js';
import { reopen } from '../core/ingest/ingest.js';
import type { Nanos } from '../core/model.js';
import type { Network } from '../core/network.js';
import type { LoggedInput } from '../store/input-log.js';

/** What logged inputs are played back into. */
export interface ReplayTarget {
  readonly network: Network;
  readonly clock: LedgerClock;
  readonly crypto: CryptoPort;
}

/** Handles one logged input again; returns the results. No signature is verified twice: the log has the verdicts. */
export function replayInput({ network, clock, crypto }: ReplayTarget, input: LoggedInput): readonly Handled[] {
  switch (input.kind) {
    case 'clock':
      clock.restore(input.skew);
      return [];
    case 'expiry': {
      const handled = network.expire(input.now) ?? [];
      network.publish(handled, undefined, { ledger: input.now, wall: input.now - clock.offset() });
      return handled;
    }
    case 'transaction': {
      const envelope = preloaded(reopen(input.signedBytes, crypto), input.verdicts);
      return isLongPast(input, clock)
        ? network.handle(envelope, input.now)
        : replayTransaction(network, envelope, input);
    }
  }
}

/** How long ago something must have happened for its receipt and its id to be of no more use, in nanoseconds. */
const FORGOTTEN_AFTER = 240_000_000_000n;

/** Whether a transaction is so old that receipts and duplicates no longer matter. */
function isLongPast({ now, skew }: { readonly now: Nanos; readonly skew: Nanos }, clock: LedgerClock): boolean {
  return now - skew + FORGOTTEN_AFTER < clock.wall();
}

function replayTransaction(
  network: Network,
  envelope: Envelope,
  { now, skew }: { readonly now: Nanos; readonly skew: Nanos },
): readonly Handled[] {
  const clocks = { ledger: now, wall: now - skew };
  network.readmit(envelope, clocks);
  const handled = network.handle(envelope, now);
  network.publish(handled, envelope, clocks);
  return handled;
}

function preloaded(envelope: Envelope, verdicts: Extract<LoggedInput, { kind: 'transaction' }>['verdicts']): Envelope {
  for (const [index, { signatures }] of [envelope, ...envelope.inner].entries()) {
    signatures.preload(verdicts[index] ?? []);
  }
  return envelope;
}
