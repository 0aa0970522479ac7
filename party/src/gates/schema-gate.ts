import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { clipReason } from '@gatepost/shared/records/codec';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { isLargerThan } from '@gatepost/shared/vocabulary/json-size';
import { formatDurationMs } from '@gatepost/shared/vocabulary/time';
import { Piscina } from 'piscina';
import violations from '../../bin/schema-violations.mjs';
import { isCheapSchema } from '../core/cheap-schema.js';
import { isBinary } from '../core/work-order.js';

/** How long the validation of one output may take; a hostile one can be made to take for ever. */
export const SCHEMA_GATE_MS = 10_000;
/** Memory of one validating thread. */
const MAX_HEAP_MB = 512;
const IDLE_MS = 30_000;
/** Largest schema and largest output, in characters, of a validation that is too short to be worth a thread. */
const SHORT_SCHEMA = 2_000;
const SHORT_OUTPUT = 1_000;

const WORKER = fileURLToPath(new URL('../../bin/schema-violations.mjs', import.meta.url));

const reject = (reason: string): GateOutcome => ({ accepted: false, gate: 'schema', reason: clipReason(reason) });

const outcomeOf = (problems: readonly string[] | undefined): GateOutcome =>
  problems === undefined ? { accepted: true, gate: 'schema', reason: '' } : reject(problems.join('; '));

/**
 * Schema gates: whether an output satisfies a JSON Schema (2020-12). They run in threads of their own, for a regular
 * expression of a schema may take longer on a hostile output than anybody waits; one that does not end rejects. Only a
 * small schema without such expressions is applied to a small output at once, which takes less than handing it over.
 */
export class SchemaGates {
  #pool: Piscina | undefined;
  readonly #short = new WeakMap<object, boolean>();

  constructor(readonly timeoutMs = SCHEMA_GATE_MS) {}

  /** The first few things that the output violates are the reason. */
  async run(schema: Json, output: Json): Promise<GateOutcome> {
    if (isBinary(output)) return reject('the output is not text, so it is not JSON');
    if (this.#isShort(schema) && !isLargerThan(output, SHORT_OUTPUT)) return outcomeOf(violations({ schema, output }));
    this.#pool ??= new Piscina({
      filename: WORKER,
      minThreads: 0,
      maxThreads: Math.max(2, availableParallelism()),
      idleTimeout: IDLE_MS,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const signal = AbortSignal.timeout(this.timeoutMs);
    try {
      return outcomeOf(await this.#pool.run({ schema, output }, { signal }));
    } catch (error) {
      if (signal.aborted) return reject(`the gate did not end within ${formatDurationMs(this.timeoutMs)}`);
      throw error;
    }
  }

  #isShort(schema: Json): boolean {
    if (typeof schema !== 'object' || schema === null) return true;
    let short = this.#short.get(schema);
    if (short === undefined) {
      short = !isLargerThan(schema, SHORT_SCHEMA) && isCheapSchema(schema);
      this.#short.set(schema, short);
    }
    return short;
  }

  async close(): Promise<void> {
    await this.#pool?.destroy();
  }
}
