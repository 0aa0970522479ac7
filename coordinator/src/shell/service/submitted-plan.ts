import { schemaProblems } from '@gatepost/party/plan/json-schema';
import { planFromText } from '@gatepost/party/plan/plan-file';
import type { Plan } from '@gatepost/rules/plan/plan';
import { compilePortable, type PortablePlan } from '@gatepost/rules/plan/source';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { checkFees } from '../run/preflight.js';

/** Largest document of a plan that is taken, bytes. */
export const MAX_DOCUMENT_BYTES = 16_777_216;

/** What problems call a plan that was sent. */
const NAME = 'plan';

/**
 * Compiles what somebody submitted: the text of a plan file, or `{"plan": ..., "schemas": [...]}`, in which schema gates
 * name their JSON Schema by number.
 * @param gates whether gate programs may run here.
 * @throws GatepostError INVALID_PLAN with all problems, one line each.
 */
export function submittedPlan(document: Uint8Array, gates: boolean): Plan {
  if (document.length > MAX_DOCUMENT_BYTES) {
    throw new GatepostError('USAGE', `a plan of more than ${MAX_DOCUMENT_BYTES} bytes is not taken`);
  }
  const text = textOf(document);
  const portable = portableIn(text);
  const plan = portable === undefined ? planFromText(NAME, text) : compiled(portable);
  checkFees(plan);
  const running = plan.tasks.find((task) => task.gates.some(({ kind }) => kind === 'command'));
  if (running === undefined || gates) return plan;
  throw new GatepostError(
    'INVALID_PLAN',
    `${NAME}: task ${running.id}: a gate runs a program, and this coordinator runs none for plans that are submitted; use ` +
      'another gate, or have its owner set serve.gates',
  );
}

function textOf(document: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(document);
  } catch (error) {
    throw new GatepostError('INVALID_PLAN', `${NAME}: is not UTF-8; save it as UTF-8`, {}, error);
  }
}

function portableIn(text: string): PortablePlan | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const { plan, schemas, ...rest } = JSON.parse(text) as Partial<PortablePlan>;
    if (plan === undefined || !Array.isArray(schemas) || Object.keys(rest).length > 0) return undefined;
    return { plan, schemas };
  } catch {
    return undefined;
  }
}

function compiled(portable: PortablePlan): Plan {
  const made = compilePortable(portable, schemaProblems());
  if ('plan' in made) return made.plan;
  const lines = made.problems.map(({ path, message }) => `${NAME}:${path.join('.')}: ${message}`);
  throw new GatepostError('INVALID_PLAN', lines.join('\n'), { problems: lines.length });
}
