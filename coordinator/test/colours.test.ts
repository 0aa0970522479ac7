import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { summaryText } from '@gatepost/coordinator/cli/report/table';
import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { afterEach, describe, expect, it, vi } from 'vitest';

const SUMMARY = {
  run: 'r-1',
  outcome: 'complete',
  journal: '0.0.5',
  token: '0.0.6',
  tasks: [
    {
      task: 'a',
      agent: '0.0.7',
      attempts: 1,
      gate: 'schema',
      status: 'paid',
      paid: '5',
      transaction_id: undefined,
      saved_as: undefined,
      not_saved: undefined,
      reason: undefined,
    },
  ],
  totals: { tasks: 1, complete: 1, paid: '5', attempts: 1, seconds: 1 },
  balances: [],
} as const;

/** Stands for what a stream says of itself; the colours go by nothing else. */
const streamThat = (isTTY: boolean) =>
  Object.assign(new PassThrough(), {
    isTTY,
    getColorDepth: WriteStream.prototype.getColorDepth,
  }) as unknown as NodeJS.WriteStream;

const shown = (stream?: NodeJS.WriteStream) => summaryText(SUMMARY, linkedOn({ name: 'local' }), stream);
const GREEN = '\u001b[32mpaid';

afterEach(() => vi.unstubAllEnvs());

describe('colours', () => {
  it.each([
    ['a terminal has them', true, {}, true],
    ['a pipe has none', false, {}, false],
    ['a pipe of a build server has none', false, { CI: 'true' }, false],
    ['a terminal has none with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['a pipe has them with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
  ] as const)('%s', (_what, isTTY, env: Record<string, string>, coloured) => {
    vi.stubEnv('TERM', 'xterm-256color');
    for (const name of ['CI', 'NO_COLOR', 'NODE_DISABLE_COLORS', 'FORCE_COLOR']) vi.stubEnv(name, env[name]);
    expect(shown(streamThat(isTTY)).includes(GREEN)).toBe(coloured);
  });

  it('are left out where the text goes to a file', () => {
    expect(shown()).not.toContain('\u001b');
  });
});
