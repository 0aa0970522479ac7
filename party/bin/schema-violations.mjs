// Validates outputs against JSON Schemas, on the event loop or in a worker thread that is ended when it takes too long.
// Plain JavaScript, so that a worker needs no loader whether the coordinator runs from source or built.
import { Ajv2020 } from 'ajv/dist/2020.js';

/** Schemas of one run that are kept compiled; a plan has few. */
const MAX_COMPILED = 1_000;
/** Problems that are told; a hostile output may have millions. */
const MAX_PROBLEMS = 10;

/** Compiled validators by the text of their schema. */
const compiled = new Map();
/** The same by the schemas of a plan, which do not change; those of a worker are new each time. */
const known = new WeakMap();

function validatorOf(schema) {
  if (typeof schema !== 'object') return validatorOfText(schema);
  let validate = known.get(schema);
  if (validate === undefined) {
    validate = validatorOfText(schema);
    known.set(schema, validate);
  }
  return validate;
}

function validatorOfText(schema) {
  const key = JSON.stringify(schema);
  let validate = compiled.get(key);
  if (validate === undefined) {
    // The schema itself was validated when the plan was compiled.
    const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false, allErrors: true });
    validate = ajv.compile(schema);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(key, validate);
  }
  return validate;
}

/** @returns what an output violates, `/place message` each; undefined when it satisfies the schema. */
export default function violations({ schema, output }) {
  const validate = validatorOf(schema);
  try {
    if (validate(output)) return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return ['the schema refers to itself without end'];
  }
  const problems = validate.errors ?? [];
  validate.errors = null;
  return problems.slice(0, MAX_PROBLEMS).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}
