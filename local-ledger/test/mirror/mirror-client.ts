import { ConsensusTopicQuery, ConsensusTopicResponse } from '@gatepost/local-ledger/gen/mirror_consensus_service';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { vi } from 'vitest';
import { systemClock } from '../../src/mirror/clock.js';
import { type Mirror, type MirrorOptions, startMirror } from '../../src/mirror/start.js';
import type { HandMadeSource } from './hand-made-source.js';

export const NODE = { nodeId: 0, account: 3, description: 'node', host: '127.0.0.1', port: 50211 };

/** Waits until a check no longer throws; long, for a busy machine. */
export function until(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 5 });
}

/** A mirror on free ports. */
export function startTestMirror(source: HandMadeSource, options: Partial<MirrorOptions> = {}): Promise<Mirror> {
  return startMirror(source, {
    ports: { grpc: 0, rest: 0, fees: false },
    clock: { ...systemClock, now: () => source.next },
    nodes: [NODE],
    ...options,
  });
}

/** Shape of any REST answer, as loosely as tests want it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes
  readonly body: any;
}

export async function rest(mirror: Pick<Mirror, 'ports'>, path: string, init: RequestInit = {}): Promise<Answer> {
  const prefix = path.startsWith('/api/') ? '' : '/api/v1';
  const response = await fetch(`http://127.0.0.1:${mirror.ports.rest}${prefix}${path}`, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text };
}

/** A running subscription: what came, and how it ended. */
export class TestSubscription {
  readonly received: ConsensusTopicResponse[] = [];
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  readonly #stream;
  readonly #client: Client;

  constructor(port: number, query: Partial<ConsensusTopicQuery> | Buffer, method = 'ConsensusService/subscribeTopic') {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    const request = Buffer.isBuffer(query)
      ? query
      : Buffer.from(ConsensusTopicQuery.encode(ConsensusTopicQuery.fromPartial(query)).finish());
    this.#stream = this.#client.makeServerStreamRequest(
      `/com.hedera.mirror.api.proto.${method}`,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      request,
    );
    this.#stream.on('data', (bytes: Buffer) => this.received.push(ConsensusTopicResponse.decode(bytes)));
    this.ended = new Promise((resolve) => {
      this.#stream.on('error', (error: ServiceError) => resolve({ code: error.code, details: error.details }));
      this.#stream.on('end', () => resolve({ code: status.OK, details: '' }));
    });
  }

  get sequences(): number[] {
    return this.received.map((one) => Number(one.sequenceNumber));
  }

  /** Stops and resumes taking what the server sends. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

export function topicId(num: number): { shardNum: bigint; realmNum: bigint; topicNum: bigint } {
  return { shardNum: 0n, realmNum: 0n, topicNum: BigInt(num) };
}
