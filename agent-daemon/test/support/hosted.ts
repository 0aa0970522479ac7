import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@gatepost/shared/clock';
import { unpackMessage } from '@gatepost/shared/records/codec';
import type { AnyRecord, RecordOf } from '@gatepost/shared/records/schema';
import { idOfTask, withIds } from '@gatepost/shared/records/task-names';
import { insecureIdentity, loadIdentity, makeCertificate } from '@gatepost/shared/server/tls';
import type { Tracing } from '@gatepost/shared/tracing/tracing';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { COORDINATOR, INBOX, MemoryLedger, type Posted } from '../../src/bench/memory-ledger.js';
import { loadConfig } from '../../src/config/daemon-config.js';
import { Daemon } from '../../src/shell/daemon.js';
import type { Execution, ExecutionResult, Executor } from '../../src/shell/executors/executor.js';
import type { StopBounds } from '../../src/shell/stop-bounds.js';
import type { ExecutorRegistry } from '../../src/shell/work/executor-registry.js';
import { BlackBoxClient, type BlackBoxSession, dispatchOf } from './client.js';
import { type WorkOptions, work } from './records.js';

export type Behave = (execution: Execution) => Promise<ExecutionResult>;

/** An executor that is a function of the test. */
export function inProcess(execute: Behave): Executor {
  return { kind: 'module', usesWorkDir: false, execute };
}

export const echo: Behave = async ({ workOrder }) => ({ ok: true, output: workOrder });

export interface HostOptions {
  readonly executors?: Readonly<Record<string, Behave>>;
  readonly restart?: 'rerun' | 'lost';
  /** Added to the configuration file. */
  readonly settings?: object;
  readonly insecure?: boolean;
  /** That of another host, to share. */
  readonly ledger?: MemoryLedger;
  readonly tracing?: Tracing;
  /** How long the parts of a stop may take. */
  readonly stopBounds?: StopBounds;
  /** The daemon's clock. */
  readonly nowMs?: () => number;
  /** How many times faster than ours that clock goes. */
  readonly speed?: number;
}

/** A daemon in this process on a ledger in memory; everything else, from gRPC over TLS to the store, is real. */
export class Hosted {
  readonly directory = mkdtempSync(join(tmpdir(), 'gatepost-hosted-'));
  readonly ledger: MemoryLedger;
  readonly #options: HostOptions;
  readonly #clients: BlackBoxClient[] = [];
  /** What the daemons have logged. */
  readonly log: Record<string, unknown>[] = [];
  #daemon: Daemon | undefined;

  private constructor(options: HostOptions) {
    this.#options = options;
    this.ledger = options.ledger ?? new MemoryLedger();
  }

  static async start(options: HostOptions = {}): Promise<Hosted> {
    const hosted = new Hosted(options);
    const file = join(hosted.directory, 'agent.yaml');
    const config = {
      account: '0.0.20',
      coordinator: { account: COORDINATOR },
      journal: '0.0.31',
      token: '0.0.40',
      inbox: INBOX,
      tls: { cert: 'cert.pem', key: 'key.pem' },
      ...options.settings,
    };
    writeFileSync(file, stringify(config));
    await makeCertificate(loadConfig(file).tls, 'test');
    await hosted.restart();
    return hosted;
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('not started');
    return this.#daemon;
  }

  /** Starts the daemon, again if need be; the caller stops the earlier one. */
  async restart(): Promise<void> {
    const config = loadConfig(join(this.directory, 'agent.yaml'));
    const { executors = { echo }, restart = 'rerun', insecure = false, stopBounds, tracing } = this.#options;
    const registry: ExecutorRegistry = new Map(
      Object.entries(executors).map(([type, behave]) => [
        type,
        { executor: inProcess(behave), restart, keepWorkDir: false },
      ]),
    );
    this.#daemon = new Daemon({
      config,
      ledger: this.ledger,
      keys: this.ledger,
      identity: insecure ? insecureIdentity(config.listen) : loadIdentity(config.tls),
      clock: this.#clock(),
      log: pino({ level: 'debug' }, { write: (line) => this.log.push(JSON.parse(line)) }),
      registry,
      tracing,
      ...(stopBounds && { stopBounds }),
    });
    await this.#daemon.start();
  }

  /** The test's time, and timers that follow it. */
  #clock(): Clock {
    const { nowMs: shown = systemClock.nowMs, speed = 1 } = this.#options;
    const begunMs = shown();
    const nowMs = () => begunMs + (shown() - begunMs) * speed;
    const at: Clock['at'] = (timeMs, callback) => systemClock.at(Date.now() + (timeMs - nowMs()) / speed, callback);
    return { ...systemClock, nowMs, at };
  }

  async client(): Promise<BlackBoxClient> {
    const { address } = this.daemon;
    const client = this.#options.insecure ? BlackBoxClient.insecure(address) : await BlackBoxClient.open(address);
    this.#clients.push(client);
    return client;
  }

  /** A session that said hello. */
  async session(resume: Record<string, unknown>[] = []): Promise<BlackBoxSession> {
    const client = await this.client();
    const session = client.session(await client.enter(COORDINATOR, this.ledger.coordinator));
    session.hello(resume);
    return session;
  }

  /** Assigns an attempt on the inbox and dispatches it over a session. */
  dispatch(session: BlackBoxSession, options: WorkOptions, run = 'run'): RecordOf<'assign'> {
    const { record, bytes } = work(options);
    const sequenceNumber = this.ledger.assign(run, [record]);
    session.send(dispatchOf(run, record, INBOX, sequenceNumber, bytes));
    return record;
  }

  records(): AnyRecord[] {
    return (this.ledger.journal ?? []).flatMap(({ message }) => {
      const decoded = unpackMessage(message);
      return 'malformed' in decoded ? [] : decoded.records.map((record) => withIds(record, this.ledger.names));
    });
  }

  /** Ids under which a task's result was submitted. */
  submitted(task: string): string[] {
    const carries = ({ message }: Posted) => {
      const decoded = unpackMessage(message);
      if ('malformed' in decoded) return false;
      return decoded.records.some((each) => each.type === 'result' && idOfTask(each.task, this.ledger.names) === task);
    };
    return [...new Set(this.ledger.submitted.filter(carries).map(({ id }) => id))];
  }

  /** Result records of a task. */
  results(task: string): RecordOf<'result'>[] {
    return this.records().filter(
      (record): record is RecordOf<'result'> => record.type === 'result' && record.task === task,
    );
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.ledger.behaviour = 'answers';
    await this.#daemon?.stop('the test is over');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
