import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { splitAddress } from '../vocabulary/address.js';

/** Says to a server that is addressed by number that it was not named; no host has this name (RFC 2606). */
const UNNAMED = 'unnamed.invalid';

/** How a client reaches a server by gRPC. */
export interface ChannelTo {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/**
 * What a client needs for TLS to `host:port`. A server is known by its host in its certificate. RFC 6066 lets a client name a
 * server by its name alone, and Node.js 26 refuses to name it by a number, as gRPC would: the number is still looked for in
 * the certificate.
 * @param ca of which the server's certificate is, or itself, PEM; those that Node.js trusts when left out.
 */
export function tlsChannel(address: string, ca?: Buffer): ChannelTo {
  const { host } = splitAddress(address);
  if (isIP(host) === 0) return { credentials: credentials.createSsl(ca), options: {} };
  const byNumber = credentials.createSsl(ca, null, null, {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  });
  return { credentials: byNumber, options: { 'grpc.ssl_target_name_override': UNNAMED } };
}
