import { AgentServiceClient } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { credentials } from '@grpc/grpc-js';
import { readLeaseMemo } from '../core/lease-memo.js';

/** How long a daemon may take to say who it is. */
const ANSWER_MS = 3_000;

/** Whom to look for. */
export interface Likeness {
  readonly account: AccountId;
  readonly coordinator: AccountId;
  /** This start of the daemon. */
  readonly session: string;
  /** Without TLS, on the loopback. */
  readonly insecure: boolean;
}

/** Whether a daemon of an account and coordinator answers at an address. */
export function isAnswering(
  address: string,
  { account, coordinator, insecure }: Omit<Likeness, 'session'>,
): Promise<boolean> {
  // Nothing secret is said, and nothing is believed but that somebody is there: any certificate will do.
  const channel = insecure
    ? credentials.createInsecure()
    : credentials.createSsl(null, null, null, { rejectUnauthorized: false });
  const client = new AgentServiceClient(address, channel, { 'grpc.ssl_target_name_override': 'agent.gatepost' });
  return new Promise((resolve) => {
    const deadline = new Date(Date.now() + ANSWER_MS);
    client.waitForReady(deadline, (unreachable) => {
      if (unreachable !== undefined) return resolve(false);
      client.challenge({ coordinatorAccountId: coordinator }, (error, response) =>
        resolve(error === null && response.agentAccountId === account),
      );
    });
  }).finally(() => client.close()) as Promise<boolean>;
}

/**
 * Those of the schedules that are leases of other daemons of this account which live: two of them would both do what the
 * inbox says. A daemon that died answers no more; one out of reach from here is not noticed.
 */
export async function livingLeases<T extends { readonly memo: string }>(
  schedules: readonly T[],
  likeness: Likeness,
): Promise<readonly (T & { readonly address: string })[]> {
  const found = schedules.map(async (schedule) => {
    const { session, address } = readLeaseMemo(schedule.memo) ?? {};
    if (address === undefined || session === likeness.session) return [];
    return (await isAnswering(address, likeness)) ? [{ ...schedule, address }] : [];
  });
  return (await Promise.all(found)).flat();
}
