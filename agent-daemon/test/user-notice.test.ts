import { isRoot } from '@gatepost/shared/confinement/confinement';
import { expect, it } from 'vitest';
import { executorSchema } from '../src/config/executors-schema.js';
import { userNotice } from '../src/shell/enforcement.js';

const confined = executorSchema.parse({ command: ['true'] });
const free = executorSchema.parse({ command: ['true'], confine: 'none' });
const module = executorSchema.parse({ module: 'a.mjs' });
const web = executorSchema.parse({ http: 'http://127.0.0.1:1' });
const best = { mechanism: 'bubblewrap', lacking: '' } as const;

it('says what it means that root runs the daemon', () => {
  const good = userNotice({ confined, web }, best);
  expect(good.safe).toBe(true);
  expect(good.text).toMatch(
    isRoot() ? /^run by root; its commands are confined and run as nobody$/ : /^run by user \d+$/,
  );
  const bad = userNotice({ confined, free, module }, best);
  expect(bad.safe).toBe(!isRoot());
  if (isRoot()) expect(bad.text).toContain('run by root: free, module can do everything on this host');
});
