import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Member, TestNetwork } from './network.js';
import { until } from './until.js';

const BIN = join(dirname(fileURLToPath(import.meta.url)), '../../bin/agent-daemon.js');
const CHECKOUT = join(dirname(BIN), '../..');

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end with an environment of its own. */
export function runDaemon(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = tmpdir(),
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH ?? '', ...env }, cwd };
    execFile(process.execPath, [BIN, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** A directory with a configuration made by `agent-daemon init`. */
export class AgentHome {
  readonly directory = mkdtempSync(join(tmpdir(), 'gatepost-agent-'));
  readonly config = join(this.directory, 'agent.yaml');

  constructor(
    readonly network: TestNetwork,
    readonly member: Member,
  ) {}

  get env(): Readonly<Record<string, string>> {
    const { connection, privateKey } = this.member;
    return { ...this.network.env, AGENT_ACCOUNT_ID: connection.account, AGENT_PRIVATE_KEY: privateKey };
  }

  init(executors: object, ...args: string[]): Promise<Ended> {
    const file = join(this.directory, 'executors.yaml');
    writeFileSync(file, stringify(executors));
    const { coordinator, journal, token } = this.network;
    const membership = ['--coordinator', coordinator.connection.account, '--journal', journal, '--token', token];
    return runDaemon(['init', '--config', this.config, ...membership, '--executors', file, ...args], this.env);
  }

  serve(...args: string[]): Promise<DaemonProcess> {
    return DaemonProcess.start(['serve', '--config', this.config, '--json', ...args], this.env);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A daemon as its own process. */
export class DaemonProcess {
  #stdout = '';
  #stderr = '';
  readonly exited: Promise<number | string>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk) => {
      this.#stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    this.exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  }

  static async start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<DaemonProcess> {
    const child = spawn(process.execPath, [BIN, ...args], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: CHECKOUT,
    });
    const daemon = new DaemonProcess(child);
    await until(() => {
      if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}: ${daemon.stderr}`);
      return daemon.#stdout.includes('\n') ? true : undefined;
    }, 'the ready line');
    return daemon;
  }

  get ready(): { address: string; account: string; inbox: string; session: string } {
    return JSON.parse(this.#stdout.split('\n')[0] ?? '{}') as never;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  async kill(signal: NodeJS.Signals): Promise<number | string> {
    this.child.kill(signal);
    return this.exited;
  }
}
