import type { Random } from './random.js';

/** How many agents a round has: enough for a quorum of three, or for work and its review twice. */
export const AGENTS = 3;

type Gate =
  | 'none'
  | { readonly command: readonly string[] }
  | { readonly schema: object }
  | { readonly quorum: { readonly of: number; readonly agree: number } }
  | { readonly agent: { readonly type: string; readonly price: number; readonly deadline: string } };

interface ChaosTask {
  readonly id: string;
  readonly type: string;
  readonly input: unknown;
  readonly price: number;
  readonly deadline: string;
  readonly attempts: number;
  readonly depends_on: readonly string[];
  readonly guard: boolean;
  readonly gate: Gate | readonly Gate[];
}

/** A plan as a file holds it. */
export interface ChaosPlan {
  readonly name: string;
  readonly sequences: readonly { readonly id: string; readonly tasks: readonly ChaosTask[] }[];
}

const GOOD_BY_COMMAND: Gate = { command: ['grep', '-q', '"good":true'] };
const GOOD_BY_SCHEMA: Gate = {
  schema: { type: 'object', required: ['good'], properties: { good: { const: true } } },
};
/** So many attempts that faults alone do not use them up. */
const ATTEMPTS = 12;
/** Outputs above 256 bytes stay off the ledger and have to be fetched from the agent. */
const SIZES = [0, 0, 400, 40_000];

interface Shape {
  readonly gate: Gate | readonly Gate[];
  /** What the first attempt does wrong. */
  readonly trouble: 'none' | 'bad' | 'fail';
}

function shapeOf(random: Random): Shape {
  const draw = random.fraction();
  if (draw < 0.12) return { gate: { quorum: { of: random.whole(2, AGENTS), agree: 2 } }, trouble: 'none' };
  if (draw < 0.24) {
    const review = { agent: { type: 'review', price: random.whole(1, 20), deadline: '60s' } };
    return { gate: [GOOD_BY_COMMAND, review], trouble: 'none' };
  }
  if (draw < 0.32) return { gate: 'none', trouble: random.pick(['none', 'fail']) };
  const trouble = random.pick(['none', 'none', 'bad', 'fail'] as const);
  return { gate: random.chance(0.7) ? GOOD_BY_COMMAND : GOOD_BY_SCHEMA, trouble };
}

function taskOf(random: Random, id: string, earlier: readonly string[]): ChaosTask {
  const { gate, trouble } = shapeOf(random);
  const isChild = trouble === 'none' && random.chance(0.2);
  const before = earlier.filter(() => random.chance(0.3));
  const [first] = before;
  const input = {
    ms: random.whole(0, 1_500),
    size: random.pick(SIZES),
    trouble,
    of: first === undefined || random.chance(0.5) ? id : { $output: first, pointer: '/of' },
  };
  return {
    id,
    type: isChild ? 'child' : 'steady',
    input,
    price: random.whole(1, 500),
    deadline: random.chance(0.15) ? '15s' : '60s',
    attempts: ATTEMPTS,
    depends_on: before,
    guard: random.chance(0.15),
    gate,
  };
}

/** A small plan with every kind of gate but a person's, rejected and failed first attempts, and dependencies. */
export function makePlan(random: Random, name: string): ChaosPlan {
  const sequences = Array.from({ length: random.whole(1, 2) }, (_, at) => {
    const ids: string[] = [];
    const tasks = Array.from({ length: random.whole(2, 4) }, (_, number) => {
      const task = taskOf(random, `s${at + 1}t${number + 1}`, ids);
      ids.push(task.id);
      return task;
    });
    return { id: `s${at + 1}`, tasks };
  });
  return { name, sequences };
}
