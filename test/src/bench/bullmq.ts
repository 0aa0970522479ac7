import { Queue, QueueEvents } from 'bullmq';
import { endChild, forkBeside, nextMessage } from './child.js';
import { median } from './numbers.js';
import { startRedis } from './redis.js';

const QUEUE = 'bench';
const WORKERS = 2;
/** Jobs that are added by one command. */
const BULK = 1_000;
const JOB_OPTIONS = { removeOnComplete: true, attempts: 3 };
/** Who waits for a job finds it only while it is kept. */
const AWAITED_OPTIONS = { ...JOB_OPTIONS, removeOnComplete: 1_000 };

/** How long many jobs took, in milliseconds: all of them, and the second half by itself. */
export interface ManyJobs {
  readonly tookMs: number;
  readonly secondHalfMs: number;
}

/** BullMQ with workers as processes of their own, on a Redis that keeps every write. */
export interface Peer {
  /** Adds so many jobs and waits until all are completed. */
  many(count: number): Promise<ManyJobs>;
  /** One job after the other, each added when the one before it was completed; milliseconds each. */
  oneByOne(count: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Starts the peer in a directory. */
export async function startPeer(directory: string): Promise<Peer> {
  const redis = await startRedis(directory);
  const connection = { host: '127.0.0.1', port: redis.port };
  const queue = new Queue(QUEUE, { connection });
  const events = new QueueEvents(QUEUE, { connection });
  await events.waitUntilReady();
  const workers = Array.from({ length: WORKERS }, () => forkBeside('./bullmq-worker.js', [QUEUE, `${redis.port}`]));
  await Promise.all(workers.map((worker) => nextMessage(worker)));
  const many = async (count: number) => {
    const began = performance.now();
    let halfMs: number | undefined;
    const done = new Promise<void>((resolve) => {
      const completed = workers.map(() => 0);
      for (const [index, worker] of workers.entries()) {
        worker.on('message', (told: { completed: number }) => {
          completed[index] = told.completed;
          const sum = completed.reduce((before, each) => before + each);
          if (sum >= count / 2) halfMs ??= performance.now();
          if (sum === count) resolve();
        });
      }
    });
    for (let added = 0; added < count; added += BULK) {
      const jobs = Array.from({ length: Math.min(BULK, count - added) }, (_, n) => added + n);
      await queue.addBulk(jobs.map((n) => ({ name: 'noop', data: { input: n }, opts: JOB_OPTIONS })));
    }
    await done;
    const endedMs = performance.now();
    return { tookMs: endedMs - began, secondHalfMs: endedMs - (halfMs ?? began) };
  };
  const oneByOne = async (count: number) => {
    const times: number[] = [];
    let input: unknown = null;
    for (let n = 0; n < count; n += 1) {
      const began = performance.now();
      const job = await queue.add('noop', { input }, AWAITED_OPTIONS);
      input = await job.waitUntilFinished(events);
      times.push(performance.now() - began);
    }
    return times;
  };
  return {
    many,
    oneByOne,
    close: async () => {
      for (const worker of workers) await endChild(worker);
      await events.close();
      await queue.close();
      await redis.close();
    },
  };
}

/** Uses a peer of its own for one measurement. */
export async function withPeer<T>(directory: string, use: (peer: Peer) => Promise<T>): Promise<T> {
  const peer = await startPeer(directory);
  try {
    return await use(peer);
  } finally {
    await peer.close();
  }
}

/** The usual time of one job after the other, without the first, which finds nothing warm. */
export const usualMs = ([, ...times]: readonly number[]): number => median(times);
