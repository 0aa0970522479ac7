import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { executorSchema } from '../../src/config/executors-schema.js';
import { redactor } from '../../src/core/redaction.js';
import { buildRegistry } from '../../src/shell/executors/build-registry.js';
import { HOST, LIMITS, MARKER, outputOf, SPAWNER, start } from './run.js';

const SECRET = 'sk-"live"/51H8x+y==\nsecond-line-of-it';

beforeAll(() => {
  process.env.MODEL_API_KEY = SECRET;
});
afterAll(() => {
  delete process.env.MODEL_API_KEY;
});

function run(script: string, input: unknown = null) {
  const settings = executorSchema.parse({ command: [process.execPath, '-e', script], env: ['MODEL_API_KEY'] });
  const registry = buildRegistry(
    { type: settings },
    {
      limits: LIMITS as never,
      markerPrefix: MARKER,
      spawner: SPAWNER,
      confinement: HOST,
      files: { directories: [], files: [] },
    },
  );
  const executor = registry.get('type')?.executor;
  if (executor === undefined) throw new Error('not registered');
  return start(executor, input);
}

it('what an executor was given by name leaves the daemon in no log line, progress, reason or inline output', async () => {
  const told = run(`
    const key = process.env.MODEL_API_KEY;
    console.error('key ' + key);
    console.error(JSON.stringify({ key }));
    console.error('GET /?key=' + encodeURIComponent(key));
    console.error('Basic ' + Buffer.from(key).toString('base64'));
    console.error('::progress 0.5 with ' + key.split('\\n')[0]);
    console.error('x'.repeat(190) + key.split('\\n')[0]);
    console.log('answer by ' + JSON.stringify(key));
  `);
  expect(outputOf(await told.result)).toBe('answer by "[MODEL_API_KEY]"\n');
  expect(told.log).toEqual([
    'key [MODEL_API_KEY]',
    '[MODEL_API_KEY]',
    '{"key":"[MODEL_API_KEY]"}',
    'GET /?key=[MODEL_API_KEY]',
    'Basic [MODEL_API_KEY]',
    expect.stringMatching(/^x+\[MODEL_API_KEY\]/),
  ]);
  expect(told.progress).toEqual([[0.5, 'with [MODEL_API_KEY]']]);
  expect(JSON.stringify(told)).not.toMatch(/51H8|second-line/);
});

it.each([
  ['with a name before it, as for HTTP', (key: string) => Buffer.from(`user:${key}`).toString('base64')],
  ['with more around it', (key: string) => Buffer.from(`{"api_key": "${key}", "more": 1}`).toString('base64')],
  ['for a URL, with more around it', (key: string) => Buffer.from(`k=${key}&b=1`).toString('base64url')],
  ['in hex', (key: string) => Buffer.from(key).toString('hex')],
  ['in capital hex', (key: string) => Buffer.from(key).toString('hex').toUpperCase()],
  ['in a URL, slashes left', (key: string) => encodeURIComponent(key).replaceAll('%2F', '/')],
  [
    'in a URL, in small letters',
    (key: string) => encodeURIComponent(key).replace(/%../g, (code) => code.toLowerCase()),
  ],
  ['in a form', (key: string) => new URLSearchParams({ key }).toString()],
  ['in JSON with its slashes escaped', (key: string) => JSON.stringify(key).replaceAll('/', '\\/')],
])('is also found %s', (_how, spell) => {
  for (const key of ['sk-live/51H8 x+y==(z)*', 'pässwörd/ganz geheim', '0123456', 'abcdefg', 'xyz+/=12']) {
    const told = redactor([{ name: 'KEY', value: key }])(`it says ${spell(key)} here`);
    expect(told, spell(key)).toContain('[KEY]');
    expect(told, spell(key)).not.toContain(spell(key));
  }
});

it('is found where it was told in two pieces of one line', async () => {
  const told = run(`
    const key = process.env.MODEL_API_KEY.split('\\n')[0];
    process.stderr.write('key ' + key.slice(0, 7));
    setTimeout(() => { process.stderr.write(key.slice(7) + '\\n'); console.log('done'); }, 200);
  `);
  await told.result;
  expect(told.log).toEqual(['key [MODEL_API_KEY]']);
});

it('an output that is too large for the ledger is the coordinator\u2019s, byte for byte', async () => {
  const told = run(`process.stdout.write('x'.repeat(300) + process.env.MODEL_API_KEY)`);
  expect(outputOf(await told.result)).toBe(`${'x'.repeat(300)}${SECRET}`);
});

it('replaces any secret anywhere, and nothing where there is none', () => {
  const text = fc.string({ maxLength: 40 });
  fc.assert(
    fc.property(text, fc.string({ minLength: 6, maxLength: 40 }), text, (before, value, after) => {
      expect(redactor([{ name: 'N', value }])(`${before}${value}${after}`)).not.toContain(value);
    }),
  );
  expect(redactor([{ name: 'N', value: 'secret-value' }])('nothing here')).toBe('nothing here');
  expect(redactor([{ name: 'N', value: '1' }])('1 of 10')).toBe('1 of 10');
});
