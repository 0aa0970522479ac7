import { programFor } from '@gatepost/coordinator/cli/program';
import { runProgram } from '@gatepost/shared/cli/run-program';
import { vi } from 'vitest';
import type { Ended } from './coordinator-process.js';

/** A command of the coordinator in this process, with an environment of its own: as `Ended` of a process tells it. */
export async function callHere(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
  const chunks: Buffer[] = [];
  const write = (chunk: string | Uint8Array, ...[encoding, written]: unknown[]) => {
    chunks.push(Buffer.from(chunk));
    for (const callback of [encoding, written]) if (typeof callback === 'function') callback();
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write));
  // The output is read: colours that a terminal of the tests may have do not belong into it.
  vi.stubEnv('FORCE_COLOR', undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const code = await runProgram(await programFor(args[0]), ['node', 'coordinator', ...args]);
    return { code, signal: null, output: Buffer.concat(chunks).toString() };
  } finally {
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}
