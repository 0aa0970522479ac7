import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES, type RuleId } from '@gatepost/rules/verify/rules';
import { expect, it } from 'vitest';
import { cheatsOf } from './dishonest.js';

const text = readFileSync(join(import.meta.dirname, '../../../docs/verify.md'), 'utf8');

it('docs/verify.md lists exactly the rules that verify checks, and the cheats that each is shown to catch', () => {
  const rows = [...text.matchAll(/^\| `([^`]+)` \| (.+?) \| (.+) \|$/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual(
    Object.entries(RULES).map(([rule, holds]) => [rule, holds, cheatsOf(rule as RuleId).join('; ')]),
  );
});
