import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DsseEnvelope } from '@gatepost/shared/vocabulary/dsse';
import { PublicKey } from '@hashgraph/sdk';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';

/** Whether this host has the verifier for Python. */
export const PYTHON = spawnSync('python3', ['-c', 'import securesystemslib'], { stdio: 'ignore' }).status === 0;
const VERIFY = `
import sys, json
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
pem, file = sys.argv[1:]
envelope = Envelope.from_dict(json.load(open(file)))
key = SSlibKey(list(envelope.signatures)[0], 'ed25519', 'ed25519', {'public': load_pem_public_key(open(pem,'rb').read()).public_bytes_raw().hex()})
envelope.verify([key], 1)
`;

/** A key as verifiers want it. @param shown as the mirror shows it. */
export function pemOf(shown: string | undefined): string {
  const spki = PublicKey.fromStringED25519(shown ?? '').toBytesDer();
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

/** As npm's and GitHub's attestations are verified. */
export function sigstoreTakes(changed: DsseEnvelope, key: string): boolean {
  const keys = { k: { rawBytes: Buffer.from(key.split('\n')[1] ?? '', 'base64'), keyDetails: 7 } };
  const root = { mediaType: '', tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] };
  const verifier = new Verifier(toTrustMaterial(root as never, keys as never), {
    tlogThreshold: 0,
    ctlogThreshold: 0,
    timestampThreshold: 0,
  });
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: 'k' }, tlogEntries: [] },
    dsseEnvelope: changed,
  });
  try {
    verifier.verify(toSignedEntity(bundle));
    return true;
  } catch {
    return false;
  }
}

/** As Python's in-toto and TUF verify. */
export function pythonTakes(changed: DsseEnvelope, key: string): boolean {
  const own = mkdtempSync(join(tmpdir(), 'gatepost-envelope-'));
  const [script, file, pemFile] = ['verify.py', 'envelope.json', 'key.pem'].map((name) => join(own, name));
  writeFileSync(script ?? '', VERIFY);
  writeFileSync(file ?? '', JSON.stringify(changed));
  writeFileSync(pemFile ?? '', key);
  const { status } = spawnSync('python3', [script ?? '', pemFile ?? '', file ?? ''], { stdio: 'ignore' });
  rmSync(own, { recursive: true });
  return status === 0;
}
