import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { CHECKOUT } from '../src/stage/layout.js';
import { npm } from './npm.js';

export const PACKAGES = [
  'proto',
  'shared',
  'rules',
  'party',
  'local-ledger',
  'agent-daemon',
  'coordinator',
  'gatekeeper',
  'gatepost',
];

/** A package as `npm pack` tells of it. */
export interface Packed {
  readonly name: string;
  /** Path of its file. */
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

declare module 'vitest' {
  interface ProvidedContext {
    /** What was packed, once for all tests: packing puts files into the checkout for a moment. */
    readonly packed: readonly Packed[];
  }
}

/** Packs everything, before the tests begin. */
export default function setup({ provide }: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-packed-'));
  chmodSync(directory, 0o755);
  const workspaces = PACKAGES.flatMap((name) => ['-w', name]);
  const packed: Packed[] = JSON.parse(
    npm(CHECKOUT, 'pack', ...workspaces, '--pack-destination', directory, '--json', '--silent'),
  );
  provide(
    'packed',
    packed.map((each) => ({ ...each, filename: join(directory, each.filename) })),
  );
  return () => rmSync(directory, { recursive: true, force: true });
}
