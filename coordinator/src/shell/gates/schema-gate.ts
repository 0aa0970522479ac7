import { clipReason } from '@gatepost/shared/records/codec';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import type { GateOutcome } from '../../core/decide/observations.js';
import { schemaValidator } from '../plan/json-schema.js';

/** Whether an output satisfies a JSON Schema (2020-12); the first few things it violates are the reason. */
export function runSchemaGate(schema: Json, output: Json): GateOutcome {
  const validate = schemaValidator(schema);
  if (validate(output)) return { accepted: true, gate: 'schema', reason: '' };
  const problems = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  return { accepted: false, gate: 'schema', reason: clipReason(problems.join('; ')) };
}
