import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { LEASE_MEMO, USUAL_LEASE_INTERVAL_MS } from '@gatepost/shared/vocabulary/lease';
import { NANOS_PER_MS } from '@gatepost/shared/vocabulary/time';

/** Most agents whose lease is asked for; those of others are taken for old. */
const MAX_ASKED = 100;

/** Agents whose lease is so old that the next work makes them renew it. @throws GatepostError MIRROR_UNREACHABLE */
export async function oldLeases(mirror: MirrorRest, agents: readonly AccountId[]): Promise<ReadonlySet<AccountId>> {
  const now = await mirror.now();
  const old = new Set(agents.slice(MAX_ASKED));
  for (const agent of agents.slice(0, MAX_ASKED)) {
    const lease = (await mirror.schedulesBy(agent)).find(
      ({ memo, deleted, executed_timestamp: executed }) => memo.startsWith(LEASE_MEMO) && !deleted && executed === null,
    );
    const age = lease === undefined ? 0n : now - lease.consensus_timestamp;
    if (age >= BigInt(USUAL_LEASE_INTERVAL_MS) * NANOS_PER_MS) old.add(agent);
  }
  return old;
}
