import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { isLoopback, splitAddress } from '@gatepost/shared/vocabulary/address';
import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';

/** How long a server may take to show its certificate. */
const TIMEOUT_MS = 5_000;

/** The certificate a server shows, in DER; nothing is believed yet. */
function shownCertificate(address: string): Promise<Buffer> {
  const unreachable = (why: string, cause?: unknown) =>
    new GatepostError('AGENT_UNREACHABLE', `no TLS at ${address}: ${why}`, { address }, cause);
  return new Promise((resolve, reject) => {
    // The fingerprint on the ledger decides, below, before anything is sent.
    const socket = connect({ ...splitAddress(address), rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(unreachable('no answer'));
    });
    socket.once('error', (error) => reject(unreachable(error.message, error)));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(unreachable('it shows no certificate'));
      else resolve(certificate.raw);
    });
  });
}

/**
 * Channel credentials that trust exactly the certificate whose fingerprint the agent published on the ledger.
 * @throws GatepostError AGENT_UNTRUSTED when the server shows another one, AGENT_UNREACHABLE.
 */
export async function pinnedCredentials(address: string, pinned: Sha256): Promise<ChannelCredentials> {
  const der = await shownCertificate(address);
  if (sha256(der) !== pinned) {
    throw new GatepostError(
      'AGENT_UNTRUSTED',
      `${address} shows certificate ${sha256(der).slice(0, 16)}…, the ledger says ${pinned.slice(0, 16)}…`,
      { address },
    );
  }
  const pem = Buffer.from(new X509Certificate(der).toString());
  return credentials.createSsl(pem, null, null, {
    checkServerIdentity: (_host, { raw }) =>
      sha256(raw) === pinned ? undefined : new GatepostError('AGENT_UNTRUSTED', `${address} changed its certificate`),
  });
}

/** Plaintext, for development on one host only. @throws GatepostError AGENT_UNTRUSTED unless it was asked for. */
export function loopbackCredentials(address: string, allowed: boolean): ChannelCredentials {
  const { host } = splitAddress(address);
  const loopback = isLoopback(host);
  if (!allowed || !loopback) {
    const how = loopback ? 'allow it with --insecure-loopback' : 'only a loopback address may do without';
    throw new GatepostError('AGENT_UNTRUSTED', `the agent at ${address} published no certificate; ${how}`, { address });
  }
  return credentials.createInsecure();
}
