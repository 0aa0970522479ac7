import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../stage/wire.js';
import { endChild } from './child.js';

const START_MS = 10_000;
const POLL_MS = 20;

/** A Redis server of the benchmark's own. */
export interface Redis {
  readonly port: number;
  close(): Promise<void>;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Starts a server that keeps every write before it answers, as the ledger does. */
export async function startRedis(directory: string): Promise<Redis> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--maxmemory-policy', 'noeviction'];
  const server: ChildProcess = spawn('redis-server', [...args, ...durable], { stdio: 'ignore' });
  const end = performance.now() + START_MS;
  while (!(await answers(port))) {
    if (server.exitCode !== null || performance.now() > end) throw new Error('redis-server does not start');
    await sleep(POLL_MS);
  }
  return { port, close: () => endChild(server) };
}
