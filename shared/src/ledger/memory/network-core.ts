import type { Clock } from '../../clock.js';
import type { Conditions, RangeMs } from './conditions.js';
import type { Entities } from './entities.js';
import type { History } from './history.js';
import type { MirrorView } from './mirror-view.js';
import type { Precheck, Receipts } from './receipts.js';

/** What the ledgers of a network in memory share. */
export interface NetworkCore {
  readonly clock: Clock;
  readonly random: () => number;
  readonly conditions: Conditions;
  readonly entities: Entities;
  readonly history: History;
  readonly receipts: Receipts;
  readonly mirror: MirrorView;
  /** Whether something that happens in such a share of cases happens now. */
  chance(share: number): boolean;
  pick(range: RangeMs): number;
  /** Calls back after so many milliseconds, at once for none. */
  after(ms: number, callback: () => void): void;
  /** What the node says of a transaction when it arrives; one that it takes reaches consensus later. */
  submit(bytes: Uint8Array): Precheck;
}
