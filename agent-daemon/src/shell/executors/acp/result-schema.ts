import { createRequire } from 'node:module';
import type { ValidateFunction } from 'ajv/dist/2020.js';

const require = createRequire(import.meta.url);

const MAX_PROBLEMS = 3;

/** The JSON Schema (2020-12) that an executor's owner wants outputs to fit. */
export class ResultSchema {
  readonly #validate: ValidateFunction;

  /** @throws Error when it is no schema. */
  constructor(schema: boolean | Readonly<Record<string, unknown>>) {
    const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
    this.#validate = new Ajv2020({ allErrors: false, strict: false }).compile(schema);
  }

  /** What is wrong with an output, in words; undefined when it fits. */
  problemWith(output: Uint8Array): string | undefined {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(output).toString('utf8'));
    } catch {
      return 'it is not JSON';
    }
    if (this.#validate(value)) return undefined;
    const problems = (this.#validate.errors ?? []).slice(0, MAX_PROBLEMS);
    return problems.map(({ instancePath, message }) => `${instancePath || '/'} ${message}`).join('; ');
  }
}
