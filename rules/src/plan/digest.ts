import { canonicalJson, type Json, type Sha256, sha256OfAll } from '@gatepost/shared/vocabulary/digest';
import type { Gate, Plan, PlanTask } from './plan.js';

type PlanContent = Omit<Plan, 'digest'>;

function gateContent(gate: Gate): Json {
  if (gate.kind === 'agent') return { ...gate, price: gate.price.toString() };
  if (gate.kind !== 'command') return { ...gate };
  const { tree, ...rest } = gate;
  return tree === undefined ? rest : { ...rest, tree: { ...tree } };
}

/** Canonical JSON of what many tasks have in common, worked out once. */
class SharedTexts {
  readonly #gates = new Map<readonly Gate[], string>();
  readonly #words = new Map<string, string>();

  gates(gates: readonly Gate[]): string {
    let text = this.#gates.get(gates);
    if (text === undefined) {
      text = canonicalJson(gates.map(gateContent));
      this.#gates.set(gates, text);
    }
    return text;
  }

  word(word: string): string {
    let text = this.#words.get(word);
    if (text === undefined) {
      text = canonicalJson(word);
      this.#words.set(word, text);
    }
    return text;
  }
}

/**
 * A task as canonical JSON, written out member by member in its order: a plan may have many tasks, and sorting the same
 * names for each of them would take most of the time that it takes to load.
 */
function taskText(task: PlanTask, texts: SharedTexts): string {
  const { agent, attempts, deadlineMs, dependsOn, guard, id, input, price, retry, saveAs, sequence, type } = task;
  const waitsFor = dependsOn.length === 0 ? '[]' : canonicalJson(dependsOn);
  return (
    `{${agent === undefined ? '' : `"agent":${texts.word(agent)},`}"attempts":${attempts},"deadlineMs":${deadlineMs},` +
    `"dependsOn":${waitsFor},"gates":${texts.gates(task.gates)},${guard ? '"guard":true,' : ''}` +
    `"id":${canonicalJson(id)},"input":${canonicalJson(input)},"price":"${price}","retry":${texts.word(retry)},` +
    `${saveAs === undefined ? '' : `"saveAs":${canonicalJson(saveAs)},`}` +
    `"sequence":${texts.word(sequence)},"type":${texts.word(type)}}`
  );
}

/**
 * What a plan says as canonical JSON, in pieces: amounts as decimal text, absent values left out. A plan may be of any
 * size, and a copy of all of it would be garbage at once.
 */
function* planContent(plan: PlanContent): Generator<string> {
  const { name, maxTotal, maxFeesUsd } = plan;
  const rest = canonicalJson({
    name,
    sequences: plan.sequences.map(({ id, after }) => ({ id, after })),
    ...(maxTotal === undefined ? {} : { maxTotal: maxTotal.toString() }),
    ...(maxFeesUsd === undefined ? {} : { maxFeesUsd }),
  });
  // The name of the tasks comes after those of all the rest, as canonical JSON has it.
  yield `${rest.slice(0, -1)},"tasks":[`;
  const texts = new SharedTexts();
  let separator = '';
  for (const task of plan.tasks) {
    yield `${separator}${taskText(task, texts)}`;
    separator = ',';
  }
  yield ']}';
}

/** The identity of a plan: layout, comments and defaults written out do not change it. */
export const planDigest = (plan: PlanContent): Sha256 => sha256OfAll(planContent(plan));
