import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';

export const readDocument = (document: string): string => readFileSync(join(CHECKOUT, document), 'utf8');

/** The commands of a document, in order. */
export const commandsOf = (document: string): readonly string[] =>
  [...readDocument(document).matchAll(/^```sh\n([\s\S]*?)\n```$/gm)].map(([, text = '']) => text);

/** What a command printed that did what it should. */
export function expectDone({ status, stdout, stderr }: SpawnSyncReturns<string>): string {
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

/** A network that serves: the variables that lead there, and those of its operator. */
export interface Served {
  readonly addresses: Readonly<Record<string, string>>;
  readonly operator: Readonly<Record<string, string>>;
}

/** Terminals in which a reader of a document types its commands. */
export class Terminals {
  readonly #serving: ChildProcess[] = [];

  /** @param prefix words before the shell, such as those that enter a network namespace. */
  constructor(readonly prefix: readonly string[] = []) {}

  #words(command: string): readonly [string, readonly string[]] {
    const [program = 'sh', ...args] = [...this.prefix, 'sh', '-c', command];
    return [program, args];
  }

  /** Runs a command to its end. */
  run(cwd: string, command: string, more: Readonly<Record<string, string>> = {}): SpawnSyncReturns<string> {
    const [program, args] = this.#words(command);
    return spawnSync(program, args, { cwd, env: { ...process.env, ...more }, encoding: 'utf8' });
  }

  /** Starts a command that serves, until its first line of output that matches. */
  async serve(cwd: string, command: string, ready: RegExp): Promise<string> {
    const [program, args] = this.#words(command);
    const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#serving.push(child);
    for await (const line of createInterface({ input: child.stdout })) if (ready.test(line)) return line;
    throw new Error(`"${command}" ended with ${(await once(child, 'close'))[0]} before it was ready`);
  }

  /** Starts a network by its command, on free ports, since other tests have networks too. */
  async network(cwd: string, command: string): Promise<Served> {
    const names = ['port', 'mirror-grpc-port', 'mirror-rest-port', 'fees-port', 'control-port'];
    const ports = names.map((name) => `--${name} 0`).join(' ');
    const line = await this.serve(cwd, `${command} ${ports} --json`, /"event":"ready"/);
    const { ports: at, operator } = JSON.parse(line) as {
      readonly ports: Readonly<Record<string, number>>;
      readonly operator: { readonly accountId: string; readonly privateKey: string };
    };
    return {
      addresses: {
        GATEPOST_NODE: `127.0.0.1:${at.consensus}`,
        GATEPOST_MIRROR_GRPC: `127.0.0.1:${at.mirrorGrpc}`,
        GATEPOST_MIRROR_REST: `http://127.0.0.1:${at.mirrorRest}`,
      },
      operator: { OPERATOR_ACCOUNT_ID: operator.accountId, OPERATOR_PRIVATE_KEY: operator.privateKey },
    };
  }

  /** Ends what serves. */
  close(): void {
    const open = this.#serving.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    for (const { pid } of open) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  }
}
