import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ConfigFile, writeConfig } from '@gatepost/coordinator/shell/setup/config-file';
import type { Lane } from './stage.js';

const COMMAND = join(import.meta.dirname, '../../bin/coordinator.js');

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** The coordinator of a lane as what it is for its users: a command, its configuration file and its state directory. */
export class CoordinatorProcess {
  readonly #configFile: string;
  readonly #stateDir: string;

  constructor(
    readonly lane: Lane,
    /** Short, so that what a killed process may have paid is soon decided. */
    paymentWindow = '15s',
    more: Partial<Pick<ConfigFile, 'metrics' | 'metrics_file' | 'serve' | 'artifacts'>> = {},
  ) {
    this.#configFile = join(lane.directory, 'coordinator.yaml');
    this.#stateDir = join(lane.directory, 'state');
    const { account, journal, token, agents } = lane.config();
    writeConfig(this.#configFile, {
      account,
      journal,
      token,
      agents: [...agents],
      state_dir: this.#stateDir,
      limits: { payment_window: paymentWindow, settle_within: '500ms' },
      ...more,
    });
  }

  /** The account's number, as the ledger's records name the payer. */
  get payer(): bigint {
    return BigInt(this.lane.coordinator.connection.account.split('.')[2] ?? '');
  }

  /** `coordinator run`, killed with SIGKILL the moment its k-th own transaction has reached consensus. */
  async run(
    planFile: string,
    killAfter = Number.POSITIVE_INFINITY,
  ): Promise<Ended & { readonly transactions: number }> {
    const env = { ...this.lane.environment, ...this.keys };
    const output = join(this.lane.directory, 'output');
    const child = this.#spawn(['run', planFile, '--config', this.#configFile, '--output-dir', output, '--json'], env);
    const { payer } = this;
    let transactions = 0;
    const unsubscribe = this.lane.test.ledger.records.subscribe(({ transactionId, parentConsensusTimestamp }) => {
      // A batch reaches consensus as one.
      if (BigInt(transactionId.payer) !== payer || parentConsensusTimestamp !== undefined) return;
      transactions += 1;
      if (transactions === killAfter) child.kill('SIGKILL');
    });
    try {
      return { ...(await ended(child)), transactions };
    } finally {
      unsubscribe();
    }
  }

  /** Any other command of the coordinator's, with its key. */
  command(...args: readonly string[]): Promise<Ended> {
    return this.commandWith({}, ...args);
  }

  /** The same with more in its environment. */
  commandWith(more: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
    return ended(this.#spawn(args, { ...this.lane.environment, ...this.keys, ...more }));
  }

  /** The variables that name its account and hold its key. */
  get keys(): Readonly<Record<string, string>> {
    const { connection, der } = this.lane.coordinator;
    return { COORDINATOR_ACCOUNT_ID: connection.account, COORDINATOR_PRIVATE_KEY: der };
  }

  /** The same as anybody could give it, without a key. */
  commandWithoutKey(more: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
    return ended(this.#spawn(args, { ...this.lane.environment, ...more }));
  }

  /** The option that names its configuration. */
  get config(): readonly [string, string] {
    return ['--config', this.#configFile];
  }

  /** `coordinator verify` with the plan, as anybody could: without a key. */
  verify(planFile: string, run: string): Promise<Ended> {
    const args = ['verify', '--journal', this.lane.journal, '--plan', planFile, '--run', run];
    return ended(this.#spawn(args, this.lane.environment));
  }

  /** Loses all that is not on the ledger. */
  forget(): void {
    rmSync(this.#stateDir, { recursive: true, force: true });
  }

  /** A command that goes on until it is told to stop, with its key. */
  start(...args: readonly string[]) {
    return this.#spawn(args, { ...this.lane.environment, ...this.keys });
  }

  #spawn(args: readonly string[], env: Record<string, string>) {
    return spawn(process.execPath, [COMMAND, ...args], {
      env,
      cwd: this.lane.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

async function ended(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, signal, output: stdout + stderr };
}
