import { credentials, type Client as GrpcClient, makeClientConstructor, type ServiceDefinition } from '@grpc/grpc-js';
import { com, type proto } from '@hiero-ledger/proto';
import type { NetworkConfig } from '../config/network.js';
import { tlsChannel } from '../server/tls-channel.js';
import { type AccountId, accountId, type TopicId } from '../vocabulary/ids.js';
import { NANOS_PER_SECOND, type Nanos } from '../vocabulary/time.js';

const { ConsensusTopicQuery, ConsensusTopicResponse } = com.hedera.mirror.api.proto;
type Query = com.hedera.mirror.api.proto.IConsensusTopicQuery;
type Response = com.hedera.mirror.api.proto.IConsensusTopicResponse;

/** One chunk of a topic message as the mirror streams it. */
export interface StreamedMessage {
  readonly sequenceNumber: number;
  readonly consensusTimestamp: Nanos;
  /** Absent for a message without chunk info, such as a scheduled one; REST knows it then. */
  readonly payer: AccountId | undefined;
  /** When the transaction of its first chunk begins to be valid: with the payer that makes its id. */
  readonly validStart: Nanos | undefined;
  readonly message: Buffer;
  /** 1 and 1 for a message in one piece. */
  readonly chunk: { readonly number: number; readonly total: number };
}

const definition = {
  subscribeTopic: {
    path: '/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic',
    requestStream: false,
    responseStream: true,
    requestSerialize: (query: Query) => Buffer.from(ConsensusTopicQuery.encode(query).finish()),
    requestDeserialize: (bytes: Buffer) => ConsensusTopicQuery.decode(bytes),
    responseSerialize: (response: Response) => Buffer.from(ConsensusTopicResponse.encode(response).finish()),
    responseDeserialize: (bytes: Buffer) => ConsensusTopicResponse.decode(bytes),
  },
} satisfies ServiceDefinition;

const MirrorConsensusClient = makeClientConstructor(definition, 'ConsensusService');

/** Opens the mirror's channel; TLS for the ports that carry it, as the SDK decides it. */
export function openMirrorChannel(network: NetworkConfig): GrpcClient {
  const isSecure = /:(443|50212)$/.test(network.mirrorGrpc);
  const channel = isSecure
    ? tlsChannel(network.mirrorGrpc)
    : { credentials: credentials.createInsecure(), options: {} };
  return new MirrorConsensusClient(network.mirrorGrpc, channel.credentials, {
    ...channel.options,
    'grpc.keepalive_time_ms': 90_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.initial_reconnect_backoff_ms': 250,
    'grpc.max_reconnect_backoff_ms': 8_000,
  });
}

const nanosOf = ({ seconds, nanos }: proto.ITimestamp): Nanos =>
  BigInt(String(seconds ?? 0)) * NANOS_PER_SECOND + BigInt(nanos ?? 0);

function message(response: Response): StreamedMessage {
  const chunk = response.chunkInfo;
  const payer = chunk?.initialTransactionID?.accountID;
  const start = chunk?.initialTransactionID?.transactionValidStart;
  return {
    sequenceNumber: Number(response.sequenceNumber ?? 0),
    consensusTimestamp: nanosOf(response.consensusTimestamp ?? {}),
    payer:
      payer == null ? undefined : accountId(`${payer.shardNum ?? 0}.${payer.realmNum ?? 0}.${payer.accountNum ?? 0}`),
    validStart: start == null ? undefined : nanosOf(start),
    message: Buffer.from(response.message ?? []),
    chunk: { number: chunk?.number ?? 1, total: chunk?.total ?? 1 },
  };
}

/**
 * One subscription: messages from a time on until the stream ends, which it may do at any moment, with or without
 * an error (thrown as grpc-js gives it). Reads no faster than the consumer.
 */
export async function* streamTopic(
  channel: GrpcClient,
  topic: TopicId,
  from: Nanos,
  signal: AbortSignal,
): AsyncGenerator<StreamedMessage> {
  const [shardNum, realmNum, topicNum] = topic.split('.').map(Number);
  const call = channel.makeServerStreamRequest(
    definition.subscribeTopic.path,
    definition.subscribeTopic.requestSerialize,
    definition.subscribeTopic.responseDeserialize,
    {
      topicID: { shardNum, realmNum, topicNum },
      consensusStartTime: { seconds: Number(from / NANOS_PER_SECOND), nanos: Number(from % NANOS_PER_SECOND) },
    } as unknown as Query,
  );
  const abort = () => call.cancel();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for await (const response of call) yield message(response as Response);
  } finally {
    signal.removeEventListener('abort', abort);
    call.cancel();
  }
}
