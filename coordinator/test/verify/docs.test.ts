import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '@gatepost/rules/verify/rules';
import { expect, it } from 'vitest';

const text = readFileSync(join(import.meta.dirname, '../../../docs/verify.md'), 'utf8');

it('docs/verify.md lists exactly the rules that verify checks', () => {
  const rows = [...text.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, rule, holds]) => [rule, holds]);
  expect(rows).toEqual(Object.entries(RULES));
});
