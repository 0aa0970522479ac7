import type { Json } from '@gatepost/shared/vocabulary/digest';
import { compilePlan } from './compile.js';
import type { Gate, PatchedTree, Plan, PlanTask } from './plan.js';
import type { PlanProblem } from './problem.js';

/** A plan as one party hands it to another: what a plan file would say, and the JSON Schemas that it names by number. */
export interface PortablePlan {
  readonly plan: Json;
  readonly schemas: readonly Json[];
}

/** A duration as plan files write it; their numbers have at most nine digits. */
const durationText = (ms: number): string => (ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`);

/** The schemas of a plan, each once. */
class SchemaTable {
  readonly #numbers = new Map<string, number>();
  readonly schemas: Json[] = [];

  name(schema: Json): string {
    const text = JSON.stringify(schema);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.schemas.push(schema) - 1;
      this.#numbers.set(text, number);
    }
    return String(number);
  }
}

const treeSource = ({ of, only }: PatchedTree): Json => (only === undefined ? { of } : { of, only: [...only] });

function gateSource(gate: Gate, table: SchemaTable): Json {
  switch (gate.kind) {
    case 'none':
    case 'human':
      return gate.kind;
    case 'command':
      return {
        command: [...gate.argv],
        timeout: durationText(gate.timeoutMs),
        ...(gate.tree === undefined ? {} : { tree: treeSource(gate.tree) }),
      };
    case 'schema':
      return { schema: table.name(gate.schema) };
    case 'agent':
      return { agent: { type: gate.type, price: gate.price.toString(), deadline: durationText(gate.deadlineMs) } };
    case 'quorum':
      return { quorum: { of: gate.of, agree: gate.agree } };
  }
}

function taskSource(task: PlanTask, table: SchemaTable): Json {
  return {
    id: task.id,
    type: task.type,
    depends_on: [...task.dependsOn],
    input: task.input,
    deadline: durationText(task.deadlineMs),
    attempts: task.attempts,
    retry: task.retry,
    guard: task.guard,
    gate: task.gates.map((gate) => gateSource(gate, table)),
    ...(task.price === 0n ? {} : { price: task.price.toString() }),
    ...(task.agent === undefined ? {} : { agent: task.agent }),
    ...(task.saveAs === undefined ? {} : { save_as: task.saveAs }),
  };
}

/** A compiled plan in the form that another party compiles again, to the same digest. */
export function portablePlan({ name, maxTotal, maxFeesUsd, sequences, tasks }: Plan): PortablePlan {
  const table = new SchemaTable();
  const bySequence = new Map<string, Json[]>();
  for (const task of tasks) {
    const own = bySequence.get(task.sequence) ?? [];
    own.push(taskSource(task, table));
    bySequence.set(task.sequence, own);
  }
  const budget = {
    ...(maxTotal === undefined ? {} : { max_total: maxTotal.toString() }),
    ...(maxFeesUsd === undefined ? {} : { max_fees_usd: maxFeesUsd }),
  };
  const plan: Json = {
    name,
    budget,
    sequences: sequences.map(({ id, after }) => ({ id, after: [...after], tasks: bySequence.get(id) ?? [] })),
  };
  return { plan, schemas: table.schemas };
}

/**
 * Compiles what another party handed over; its word on it counts for nothing. Never throws for what it says.
 * @param schemaProblem why a JSON Schema cannot be used; undefined when it can.
 */
export function compilePortable(
  { plan, schemas }: PortablePlan,
  schemaProblem: (schema: Json) => string | undefined,
): { readonly plan: Plan } | { readonly problems: readonly PlanProblem[] } {
  const readSchema = (name: string) => {
    const schema = schemas[Number(name)];
    return schema === undefined ? { problem: `there is no schema ${JSON.stringify(name)}` } : { schema };
  };
  return compilePlan(plan, { readSchema, schemaProblem });
}
