import type { Attempt } from '@gatepost/rules/run/attempt';
import type { TaskState } from '@gatepost/rules/run/task-state';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { OutputSource } from '../agents/output-source.js';
import type { ArtifactStore } from '../artifacts/artifact-store.js';
import { isAcceptedWork, keptOutput } from './kept-output.js';
import type { OutputKeeper } from './output-keeper.js';

/** Outputs of attempts, from wherever they can be had; always the bytes that the `result` record names. */
export class Outputs {
  /** What is being asked of the artifact store, so that each is asked for once at a time. */
  readonly #asked = new Map<Sha256, Promise<Buffer | undefined>>();

  constructor(
    readonly store: OutputKeeper,
    readonly agents: OutputSource,
    /** Has what was accepted when its agent does not. */
    readonly artifacts?: Pick<ArtifactStore, 'get'> | undefined,
  ) {}

  /** @throws GatepostError AGENT_UNREACHABLE, AGENT_REFUSED, OUTPUT_CORRUPT, also with what the artifact store says. */
  async of(attempt: Attempt): Promise<Buffer> {
    const digest = attempt.result?.outputSha256;
    if (digest === undefined) throw new GatepostError('INTERNAL', `${attempt.task}#${attempt.number} has no output`);
    return keptOutput(attempt, this.store) ?? this.#fetch(attempt, digest);
  }

  async #fetch(attempt: Attempt, digest: Sha256): Promise<Buffer> {
    const bytes = await this.#fromAgent(attempt, digest).catch((thrown: unknown) =>
      this.#fromArtifacts(attempt, digest, toGatepostError(thrown, 'AGENT_UNREACHABLE')),
    );
    this.store.put(bytes);
    return bytes;
  }

  async #fromAgent(attempt: Attempt, digest: Sha256): Promise<Buffer> {
    const link = this.agents.link(attempt.agent);
    if (link === undefined) throw new GatepostError('AGENT_UNREACHABLE', `no session with ${attempt.agent}`);
    return link.fetch(digest, attempt.result?.outputSize ?? 0);
  }

  /** @throws GatepostError the agent's own where the store does not have it, with what a store that fails says. */
  async #fromArtifacts(attempt: Attempt, digest: Sha256, ofAgent: GatepostError): Promise<Buffer> {
    if (this.artifacts === undefined || !isAcceptedWork(attempt)) throw ofAgent;
    const size = attempt.result?.outputSize ?? 0;
    const asked = this.#asked.get(digest) ?? this.artifacts.get({ digest, size });
    this.#asked.set(digest, asked);
    try {
      const bytes = await asked;
      if (bytes !== undefined) return bytes;
    } catch (thrown) {
      const { code, message } = toGatepostError(thrown);
      throw new GatepostError(code, `${ofAgent.message}; ${message}`, ofAgent.meta, ofAgent);
    } finally {
      this.#asked.delete(digest);
    }
    throw ofAgent;
  }

  /** The accepted output of a task. */
  async accepted(task: TaskState | undefined): Promise<Buffer> {
    const attempt = task?.attempts.find(({ verdict }) => verdict?.accepted === true);
    if (attempt === undefined) throw new GatepostError('INTERNAL', `${task?.spec.id} has no accepted output`);
    return this.of(attempt);
  }
}
