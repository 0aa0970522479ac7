import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** The way to one agent, as far as its outputs come by it. */
interface OutputLink {
  /** @param declared bytes of the output, as its `result` record says. @throws GatepostError AGENT_UNREACHABLE, AGENT_REFUSED, OUTPUT_CORRUPT */
  fetch(sha256: Sha256, declared: number): Promise<Buffer>;
}

/** The ways to the agents that hold outputs. */
export interface OutputSource {
  link(agent: AccountId): OutputLink | undefined;
}
