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

/** What this process calls itself on the journal. */
export class CoordinatorIdentity {
  readonly instance: string = randomUUID();

  constructor(readonly epoch: number) {}

  record(state: 'begun' | 'ended'): RecordOf<'epoch'> {
    const { epoch, instance } = this;
    return { type: 'epoch', epoch, instance, host: hostDigest(), pid: process.pid, state };
  }
}

/**
 * The next epoch of a journal, unless another process may still act in the current one.
 * @throws GatepostError USAGE that names the other process and the way to take over.
 */
export function nextIdentity(index: JournalIndex, takeOver: boolean): CoordinatorIdentity {
  const { epoch: current } = index;
  if (current === undefined) return new CoordinatorIdentity(1);
  const here = current.host === hostDigest();
  const mayAct = !current.ended && !(here && (current.pid === process.pid || !isAlive(current.pid)));
  if (mayAct && !takeOver) {
    const where = here ? `process ${current.pid} on this host` : 'a process on another host';
    throw new GatepostError(
      'USAGE',
      `${where} coordinates this journal (epoch ${current.epoch}); stop it, or fence it with --take-over`,
      { epoch: current.epoch },
    );
  }
  return new CoordinatorIdentity(current.epoch + 1);
}
