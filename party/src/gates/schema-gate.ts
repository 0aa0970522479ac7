import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { clipReason } from '@gatepost/shared/records/codec';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { formatDurationMs } from '@gatepost/shared/vocabulary/time';
import { Piscina } from 'piscina';
import { isBinary } from '../core/work-order.js';

/** How long the validation of one output may take; a hostile one can be made to take for ever. */
export const SCHEMA_GATE_MS = 10_000;
/** Memory of one validating thread. */
const MAX_HEAP_MB = 512;
const IDLE_MS = 30_000;

const WORKER = fileURLToPath(new URL('../../bin/schema-worker.mjs', import.meta.url));

const reject = (reason: string): GateOutcome => ({ accepted: false, gate: 'schema', reason: clipReason(reason) });

/**
 * Schema gates: whether an output satisfies a JSON Schema (2020-12). They run in threads of their own, for a regular
 * expression of a schema may take longer on a hostile output than anybody waits; one that does not end rejects.
 */
export class SchemaGates {
  #pool: Piscina | undefined;

  constructor(readonly timeoutMs = SCHEMA_GATE_MS) {}

  /** The first few things that the output violates are the reason. */
  async run(schema: Json, output: Json): Promise<GateOutcome> {
    if (isBinary(output)) return reject('the output is not text, so it is not JSON');
    this.#pool ??= new Piscina({
      filename: WORKER,
      minThreads: 0,
      maxThreads: Math.max(2, availableParallelism()),
      idleTimeout: IDLE_MS,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const signal = AbortSignal.timeout(this.timeoutMs);
    try {
      const problems: readonly string[] | undefined = await this.#pool.run({ schema, output }, { signal });
      if (problems === undefined) return { accepted: true, gate: 'schema', reason: '' };
      return reject(problems.join('; '));
    } catch (error) {
      if (signal.aborted) return reject(`the gate did not end within ${formatDurationMs(this.timeoutMs)}`);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }
}
