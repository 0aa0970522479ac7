import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type Command, type ForeignClient, missingFile } from './clients.js';

/** What became of a client; `why` is one line unless it failed. */
export interface ClientEnd {
  readonly language: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly why: string;
  readonly seconds: number;
}

/** Longest that a client may run once it is built. */
const RUN_TIMEOUT_MS = 180_000;

/**
 * Runs a client against the network of `variables`, its output shown as it comes.
 * @param patience ends the fetching and building of packages; a client that is not ready by then is skipped.
 */
export async function runClient(
  client: ForeignClient,
  cache: string,
  variables: Readonly<Record<string, string>>,
  patience: AbortSignal,
): Promise<ClientEnd> {
  const startedMs = performance.now();
  const env = { ...process.env, ...variables, ...client.env };
  const ended = (outcome: ClientEnd['outcome'], why: string): ClientEnd => {
    return { language: client.language, outcome, why, seconds: (performance.now() - startedMs) / 1_000 };
  };
  for (const tool of client.tools) {
    const { code } = await run(tool, env, patience, () => {});
    if (code !== 0) return ended('skipped', `no ${tool[0]} here`);
  }
  const file = missingFile(client);
  if (file !== undefined) return ended('skipped', `no ${file} here`);
  mkdirSync(cache, { recursive: true });
  for (const step of client.fetch) {
    const { code, output } = await run(step, env, patience, () => {});
    if (patience.aborted) return ended('skipped', 'its packages were not there in time; see --minutes');
    if (code !== 0) return ended('skipped', `no packages here: ${lastLine(output)}`);
  }
  for (const step of client.build) {
    const { code } = await run(step, env, patience, (text) => process.stdout.write(text));
    if (patience.aborted) return ended('skipped', 'its packages were not built in time; see --minutes');
    if (code !== 0) return ended('failed', `${step[0]} ended with ${code}`);
  }
  const signal = AbortSignal.timeout(RUN_TIMEOUT_MS);
  for (const step of client.run) {
    const { code } = await run(step, env, signal, (text) => process.stdout.write(text));
    if (code !== 0) return ended('failed', signal.aborted ? 'out of time' : `${step[0]} ended with ${code}`);
  }
  return ended('passed', '');
}

const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

/** Ends all that a step started when its time is up. A program that cannot be started ends with 127. */
async function run(
  [program, ...args]: Command,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  show: (text: string) => void,
): Promise<{ readonly code: number; readonly output: string }> {
  if (signal.aborted) return { code: 137, output: 'out of time' };
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      show(text);
    });
  }
  const kill = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
  signal.addEventListener('abort', kill);
  try {
    const [code] = await once(child, 'close');
    return { code: code ?? 137, output };
  } catch (error) {
    return { code: 127, output: String(error) };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
