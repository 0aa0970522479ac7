import type { Attempt } from '@gatepost/rules/run/attempt';
import type { TaskState } from '@gatepost/rules/run/task-state';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { OutputSource } from '../agents/output-source.js';
import { keptOutput } from './kept-output.js';
import type { OutputKeeper } from './output-keeper.js';

/** Outputs of attempts, from wherever they can be had; always the bytes that the `result` record names. */
export class Outputs {
  constructor(
    readonly store: OutputKeeper,
    readonly agents: OutputSource,
  ) {}

  /** @throws GatepostError AGENT_UNREACHABLE, AGENT_REFUSED, OUTPUT_CORRUPT */
  async of(attempt: Attempt): Promise<Buffer> {
    const digest = attempt.result?.outputSha256;
    if (digest === undefined) throw new GatepostError('INTERNAL', `${attempt.task}#${attempt.number} has no output`);
    return keptOutput(attempt, this.store) ?? this.#fetch(attempt, digest);
  }

  async #fetch(attempt: Attempt, digest: Sha256): Promise<Buffer> {
    const link = this.agents.link(attempt.agent);
    if (link === undefined) throw new GatepostError('AGENT_UNREACHABLE', `no session with ${attempt.agent}`);
    const bytes = await link.fetch(digest, attempt.result?.outputSize ?? 0);
    this.store.put(bytes);
    return bytes;
  }

  /** The accepted output of a task. */
  async accepted(task: TaskState | undefined): Promise<Buffer> {
    const attempt = task?.attempts.find(({ verdict }) => verdict?.accepted === true);
    if (attempt === undefined) throw new GatepostError('INTERNAL', `${task?.spec.id} has no accepted output`);
    return this.of(attempt);
  }
}
