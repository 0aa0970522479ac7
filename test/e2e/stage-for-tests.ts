import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'gatepost/stage/command';
import { type StageNetwork, startEmbeddedNetwork } from 'gatepost/stage/network';
import { openStage, type Stage, type StageAgentOptions, type StageOptions } from 'gatepost/stage/stage';
import { expect } from 'vitest';
import { MirrorTruth } from '../src/check/mirror-truth.js';
import { CHECKOUT } from '../src/stage/layout.js';
import { openPublicNetwork } from '../src/stage/public-network.js';

/** A stage, its mirror, and what to call when the test is over. */
export interface TestStage {
  readonly stage: Stage;
  readonly truth: MirrorTruth;
  readonly directory: string;
  close(): Promise<void>;
}

/** The two agents of the examples. */
export const EXAMPLE_AGENTS: readonly StageAgentOptions[] = ['agent-1', 'agent-2'].map((name) => ({
  name,
  executors: join(CHECKOUT, `examples/agents/${name}.executors.yaml`),
}));

export const example = (name: string) => join(CHECKOUT, 'examples', name);

/** Runs `coordinator verify` as anybody could: with the addresses of the network and no key. */
export async function expectVerified({ stage }: TestStage): Promise<void> {
  const { code, stdout, stderr } = await runCommand(
    'coordinator',
    ['verify', '--journal', stage.journal],
    stage.network.env,
  );
  expect(code, stdout + stderr).toBe(0);
}

/** Embedded unless GATEPOST_E2E_NETWORK names a public network. */
async function openNetwork(directory: string) {
  const name = process.env.GATEPOST_E2E_NETWORK ?? 'local';
  if (name !== 'local') return openPublicNetwork(name);
  return { network: await startEmbeddedNetwork(directory), accounts: undefined };
}

/** Opens a stage in a temporary directory; it is removed unless the test keeps its files for a failure. */
export async function openTestStage(
  agents = EXAMPLE_AGENTS,
  more: Pick<StageOptions, 'gatekeeper'> = {},
): Promise<TestStage> {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-e2e-'));
  const { network, accounts } = await openNetwork(directory);
  const closeNetwork = async (opened: StageNetwork) => {
    await opened.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    // The most talkative level, so that what must not be said is looked for everywhere it could be.
    const talkative = { ...network, env: { ...network.env, GATEPOST_LOG_LEVEL: 'trace' } };
    const stage = await openStage({
      network: talkative,
      directory,
      agents,
      ...more,
      ...(accounts === undefined ? {} : { accounts }),
    });
    const close = async () => {
      await stage.close();
      await closeNetwork(network);
    };
    return { stage, truth: new MirrorTruth(network.mirrorRest), directory, close };
  } catch (error) {
    await network.close();
    throw error;
  }
}
