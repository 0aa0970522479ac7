import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gateSources, gateWords, planHeader, sequenceSource, taskSource } from '@gatepost/rules/plan/schema';
import { expect, it } from 'vitest';
import { planOf } from './temp-dir.js';

const text = readFileSync(join(import.meta.dirname, '../../../docs/plans.md'), 'utf8');

it('the example in docs/plans.md compiles', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  expect(planOf(example).tasks.map(({ id }) => id)).toEqual(['inventory', 'licences', 'report', 'note']);
});

it('docs/plans.md has a row for every key', () => {
  const documented = [...text.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, key]) => key);
  const keys = [
    ...Object.keys(planHeader.shape).filter((key) => key !== '$schema' && key !== 'budget'),
    ...Object.keys(sequenceSource.shape),
    ...Object.keys(taskSource.shape),
    'budget.max_total',
    'budget.max_fees_usd',
    ...gateWords,
  ];
  expect([...new Set(documented)].sort()).toEqual([...new Set(keys)].sort());
  for (const kind of Object.keys(gateSources)) expect(text).toContain(`| \`{${kind}:`);
});
