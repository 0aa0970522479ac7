import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { JournalIndex } from '@gatepost/rules/run/journal-index';
import { isAlive } from '@gatepost/shared/process-identity';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** A digest that is the same for all processes of one host since its last boot, and tells nothing else about it. */
export function hostDigest(): string {
  const boot = existsSync(BOOT_ID) ? readFileSync(BOOT_ID, 'utf8').trim() : '';
  return sha256(`${hostname()}|${boot}`).slice(0, 16);
}

/** The process that has an epoch, as the journal names it. */
export interface EpochHolder {
  readonly epoch: number;
  readonly host: string;
  readonly pid: number;
  /** It said that it no longer acts. */
  readonly ended: boolean;
}

const isHere = ({ host }: EpochHolder): boolean => host === hostDigest();

/** Whether a process may still act: it did not say that it ended, and is not known to be dead. */
export const mayAct = (holder: EpochHolder): boolean =>
  !holder.ended && !(isHere(holder) && (holder.pid === process.pid || !isAlive(holder.pid)));

/** What this process calls itself on the journal. */
export class CoordinatorIdentity {
  readonly instance: string = randomUUID();

  constructor(readonly epoch: number) {}

  record(state: 'begun' | 'ended'): RecordOf<'epoch'> {
    const { epoch, instance } = this;
    return { type: 'epoch', epoch, instance, host: hostDigest(), pid: process.pid, state };
  }

  /**
   * What it calls itself after another had its number first: a predecessor whose word the mirror did not show yet. None
   * when the other one may still act.
   */
  after(holder: EpochHolder): CoordinatorIdentity | undefined {
    return mayAct(holder) ? undefined : new CoordinatorIdentity(holder.epoch + 1);
  }
}

/**
 * The next epoch of a journal, unless another process may still act in the current one.
 * @throws GatepostError USAGE that names the other process and the way to take over.
 */
export function nextIdentity({ epoch: current }: JournalIndex, takeOver: boolean): CoordinatorIdentity {
  if (current === undefined) return new CoordinatorIdentity(1);
  if (mayAct(current) && !takeOver) {
    const where = isHere(current) ? `process ${current.pid} on this host` : 'a process on another host';
    throw new GatepostError(
      'USAGE',
      `${where} coordinates this journal (epoch ${current.epoch}); stop it, or fence it with --take-over`,
      { epoch: current.epoch },
    );
  }
  return new CoordinatorIdentity(current.epoch + 1);
}
