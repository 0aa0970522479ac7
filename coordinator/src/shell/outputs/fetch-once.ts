import { openAgent } from '@gatepost/party/agents/open-agent';
import { Session } from '@gatepost/party/agents/session';
import type { Attempt } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import { systemClock } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';

const ignore = (): void => undefined;
/** Events are not acknowledged: whoever runs the plan on is still to have them. */
const DEAF = { heard: ignore, event: ignore, heartbeat: ignore, refused: ignore };

/**
 * The output of an attempt from the agent that made it, by a session of its own. The agent ends any other session of
 * this coordinator for it.
 * @throws GatepostError AGENT_UNREACHABLE with what to do, AGENT_UNTRUSTED, AGENT_REFUSED, OUTPUT_CORRUPT
 */
export async function fetchOnce(
  connection: Connection,
  state: RunState,
  { agent: account, result }: Attempt,
  insecureLoopback: boolean,
): Promise<Buffer> {
  const agent = state.agents.get(account);
  const { outputSha256, outputSize = 0 } = result ?? {};
  if (outputSha256 === undefined) throw new GatepostError('INTERNAL', 'an attempt without an output');
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
      return await session.fetch(outputSha256, outputSize);
    } finally {
      session.close();
    }
  } finally {
    client.close();
  }
}
