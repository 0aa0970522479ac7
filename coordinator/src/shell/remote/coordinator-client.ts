import { readFileSync } from 'node:fs';
import { CoordinatorServiceClient } from '@gatepost/proto/gen/gatepost/coordinator/v1/coordinator';
import { type ChannelTo, tlsChannel } from '@gatepost/shared/server/tls-channel';
import { isLoopback, splitAddress } from '@gatepost/shared/vocabulary/address';
import { ERROR_KINDS, type ErrorCode, GatepostError } from '@gatepost/shared/vocabulary/errors';
import { MAX_CHUNK_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';

/** Where a coordinator serves gRPC, and how it is known. */
export interface ServerAddress {
  /** host:port */
  readonly server: string;
  readonly token: string;
  /** File of the certificate that it, or whoever signed its own, has; PEM. */
  readonly ca: string | undefined;
}

/** Largest summary of a run that is read. */
const MAX_ANSWER_BYTES = 16 * MAX_CHUNK_BYTES;

/** Clear text over loopback when no certificate is named, else TLS. @throws GatepostError INVALID_CONFIG */
function channelTo({ server, ca }: ServerAddress): ChannelTo {
  if (ca === undefined) {
    const isClear = isLoopback(splitAddress(server).host);
    return isClear ? { credentials: credentials.createInsecure(), options: {} } : tlsChannel(server);
  }
  try {
    return tlsChannel(server, readFileSync(ca));
  } catch (error) {
    throw new GatepostError('INVALID_CONFIG', `cannot read ${ca}: ${(error as Error).message}`, { ca }, error);
  }
}

/** A client of a coordinator that serves, with its token. */
export function coordinatorClient(address: ServerAddress): { client: CoordinatorServiceClient; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${address.token}`);
  const channel = channelTo(address);
  const options = { ...channel.options, 'grpc.max_receive_message_length': MAX_ANSWER_BYTES };
  return { client: new CoordinatorServiceClient(address.server, channel.credentials, options), metadata };
}

const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERROR_KINDS, text);

/** What a call ended with, in the words of the coordinator; SERVER_UNREACHABLE when there were none. */
export function errorOf(server: string, error: ServiceError): GatepostError {
  const [code = ''] = error.metadata?.get('gatepost-error').map(String) ?? [];
  if (isErrorCode(code)) return new GatepostError(code, error.details, {}, error);
  const details = error.code === status.UNAVAILABLE ? 'no answer' : error.details;
  return new GatepostError('SERVER_UNREACHABLE', `the coordinator at ${server}: ${details}`, { server }, error);
}
