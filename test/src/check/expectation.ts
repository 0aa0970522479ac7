// What a plan file says, read without the product's code.

/** What is owed for one task, and what has to come first. */
export interface ExpectedTask {
  readonly id: string;
  readonly price: bigint;
  /** Tasks that must be accepted before it is assigned. */
  readonly after: readonly string[];
  /** How many agents work on it, and how many must agree; 1 of 1 unless there is a quorum. */
  readonly members: number;
  readonly agree: number;
  /** What its review is paid; undefined without one. */
  readonly reviewPrice: bigint | undefined;
}

interface PlanFile {
  readonly name: string;
  readonly sequences: readonly {
    readonly id: string;
    readonly after?: readonly string[];
    readonly tasks: readonly {
      readonly id: string;
      readonly price?: number | string;
      readonly input?: unknown;
      readonly depends_on?: readonly string[];
      readonly gate?: unknown;
    }[];
  }[];
}

type GateObject = {
  readonly quorum?: { readonly of: number; readonly agree: number };
  readonly agent?: { readonly price?: number | string };
};

const gatesOf = (gate: unknown): GateObject[] =>
  [gate].flat().filter((one): one is GateObject => typeof one === 'object' && one !== null);

/** Tasks whose outputs an input names. */
function named(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return [];
  const { $output: output } = input as { $output?: unknown };
  return typeof output === 'string' ? [output] : Object.values(input).flatMap(named);
}

/** What a plan expects of a run, by task. Sequences follow each other unless they say otherwise. */
export function expectationOf(text: string): { readonly name: string; readonly tasks: Map<string, ExpectedTask> } {
  const plan = JSON.parse(text) as PlanFile;
  const tasks = new Map<string, ExpectedTask>();
  for (const [at, sequence] of plan.sequences.entries()) {
    const previous = plan.sequences[at - 1]?.id;
    const sequences = sequence.after ?? (previous === undefined ? [] : [previous]);
    const before = plan.sequences.filter(({ id }) => sequences.includes(id)).flatMap((one) => one.tasks);
    for (const task of sequence.tasks) {
      const gates = gatesOf(task.gate);
      const quorum = gates.find((gate) => gate.quorum !== undefined)?.quorum;
      const review = gates.find((gate) => gate.agent !== undefined)?.agent;
      tasks.set(task.id, {
        id: task.id,
        price: BigInt(task.price ?? 0),
        after: [...before.map(({ id }) => id), ...(task.depends_on ?? []), ...named(task.input)],
        members: quorum?.of ?? 1,
        agree: quorum?.agree ?? 1,
        reviewPrice: review === undefined ? undefined : BigInt(review.price ?? 0),
      });
    }
  }
  return { name: plan.name, tasks };
}
