import { openAgent } from '@gatepost/party/agents/open-agent';
import type { OutputSource } from '@gatepost/party/agents/output-source';
import { Session } from '@gatepost/party/agents/session';
import type { RunState } from '@gatepost/rules/run/run-state';
import { systemClock } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { Semaphore } from '@gatepost/shared/semaphore';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { mayAct } from '../ledger/identity.js';

const ignore = (): void => undefined;
/** Events are not acknowledged: whoever runs the plan on is still to have them. */
const DEAF = { heard: ignore, event: ignore, heartbeat: ignore, refused: ignore };

/**
 * An output from the agent that made it, by a session of its own. The agent ends any other session of this coordinator
 * for it.
 * @param declared bytes of it, as its `result` record says.
 * @throws GatepostError AGENT_UNREACHABLE with what to do, AGENT_UNTRUSTED, AGENT_REFUSED, OUTPUT_CORRUPT
 */
export async function fetchOnce(
  connection: Connection,
  state: RunState,
  account: AccountId,
  digest: Sha256,
  declared: number,
  insecureLoopback: boolean,
): Promise<Buffer> {
  const agent = state.agents.get(account);
  if (agent === undefined) {
    throw new GatepostError('AGENT_UNREACHABLE', `${account}, which has the output, never said where it is`);
  }
  const { client, sessionToken, maxChunkBytes } = await openAgent(connection, agent, insecureLoopback).catch(
    (thrown: unknown) => {
      const { code, message } = toGatepostError(thrown, 'AGENT_UNREACHABLE');
      const said = `${account}, which has the output, does not answer at ${agent.address}: ${message}`;
      throw code === 'AGENT_UNREACHABLE' ? new GatepostError(code, said, { agent: account }, thrown) : thrown;
    },
  );
  try {
    const session = await Session.open(client, sessionToken, maxChunkBytes, [], DEAF, systemClock);
    try {
      return await session.fetch(digest, declared);
    } finally {
      session.close();
    }
  } finally {
    client.close();
  }
}

/** The ways to the agents of a run that no coordinator works on any more; none while one works on another run. */
export function agentsOnce(connection: Connection, state: RunState, insecureLoopback: boolean): OutputSource {
  // An agent has one session with a coordinator.
  const turn = new Semaphore(1);
  return {
    link(account) {
      if (state.epoch !== undefined && mayAct(state.epoch)) return undefined;
      return {
        fetch: (digest, declared) =>
          turn.run(() => fetchOnce(connection, state, account, digest, declared, insecureLoopback)),
      };
    },
  };
}
