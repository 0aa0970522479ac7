import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { experimental, ServerCredentials } from '@grpc/grpc-js';
import { GatepostError } from '../vocabulary/errors.js';

/** Files of the daemon's certificate and key, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Identity {
  readonly credentials: ServerCredentials;
  /** SHA-256 of the certificate in DER that new connections are shown, lower-case hex; empty without TLS. */
  readonly certificateSha256: string;
  /**
   * Reads the files again; says whether there is another certificate now. Connections that stand keep theirs.
   * @throws GatepostError INVALID_CONFIG when they are no certificate and key; what was read before stays.
   */
  reload(): boolean;
}

/** The certificate is pinned by its digest on the ledger; its dates only must not get in the way. */
const VALID_DAYS = 3_650;
const DAY_MS = 86_400_000;

/** SHA-256 of a certificate in DER, lower-case hex. */
export const fingerprint = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

export const hasCertificate = (files: TlsFiles): boolean => existsSync(files.cert) && existsSync(files.key);

/** Makes a self-signed certificate (EC P-256); the key file is readable by its owner only. */
export async function makeCertificate(files: TlsFiles, commonName: string): Promise<void> {
  const { generate } = await import('selfsigned');
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + VALID_DAYS * DAY_MS),
    extensions: [
      // It is its own trust anchor.
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  for (const file of [files.cert, files.key]) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(files.key, made.private, { mode: 0o600 });
  await chmod(files.key, 0o600);
  await writeFile(files.cert, made.cert, { mode: 0o644 });
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const mend = 'init makes it';
    throw new GatepostError(
      'INVALID_CONFIG',
      `cannot read ${file} (${mend}): ${(error as Error).message}`,
      { file },
      error,
    );
  }
}

type Certificate = experimental.IdentityCertificateUpdate;

function readCertificate(files: TlsFiles): Certificate {
  const [certificate, privateKey] = [read(files.cert), read(files.key)];
  try {
    createSecureContext({ cert: certificate, key: privateKey });
    return { certificate, privateKey };
  } catch {
    // The cause is left out: it may quote the key.
    throw new GatepostError('INVALID_CONFIG', `${files.cert} and ${files.key} are not a certificate and its key`);
  }
}

/** A certificate in files, which may be replaced while it is in use. */
class FileIdentity implements Identity {
  readonly credentials: ServerCredentials;
  #certificate: Certificate;
  readonly #listeners = new Set<experimental.IdentityCertificateUpdateListener>();

  constructor(private readonly files: TlsFiles) {
    this.#certificate = readCertificate(files);
    const provider: experimental.CertificateProvider = {
      addCaCertificateListener: () => undefined,
      removeCaCertificateListener: () => undefined,
      addIdentityCertificateListener: (listener) => {
        this.#listeners.add(listener);
        // The server passes on what it hears only once this call is over.
        queueMicrotask(() => listener(this.#certificate));
      },
      removeIdentityCertificateListener: (listener) => void this.#listeners.delete(listener),
    };
    // The declaration has the names of the first two parameters the wrong way round: the identity comes first.
    this.credentials = experimental.createCertificateProviderServerCredentials(provider, null, false);
  }

  get certificateSha256(): string {
    return fingerprint(this.#certificate.certificate.toString('utf8'));
  }

  reload(): boolean {
    const before = this.certificateSha256;
    this.#certificate = readCertificate(this.files);
    for (const listener of this.#listeners) listener(this.#certificate);
    return this.certificateSha256 !== before;
  }
}

/** @throws GatepostError INVALID_CONFIG when the files are missing or no certificate and key. */
export const loadIdentity = (files: TlsFiles): Identity => new FileIdentity(files);

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/;

/** No TLS; only where nobody else listens. @throws GatepostError USAGE for an address that others can reach. */
export function insecureIdentity(listen: string): Identity {
  if (!LOOPBACK.test(listen)) {
    throw new GatepostError('USAGE', `--insecure-loopback is for loopback addresses only, not for ${listen}`);
  }
  return { credentials: ServerCredentials.createInsecure(), certificateSha256: '', reload: () => false };
}
