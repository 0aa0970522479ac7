import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { DsseEnvelope } from '@gatepost/shared/vocabulary/dsse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PYTHON, pemOf, pythonTakes, sigstoreTakes } from './support/attestation-verifiers.js';
import { CoordinatorProcess } from './support/coordinator-process.js';
import { Lane, TestLedger } from './support/stage.js';

const SAID = 'what was asked for';
/** What its agent is given, and tells wherever it can. */
const SECRET = 'a-key-that-nobody-is-to-see';
const OUTPUT = `${SAID}, by [ATTESTED_SECRET]`;

let ledger: TestLedger;
let lane: Lane;
let envelope: DsseEnvelope;
let pem: string;
const own = mkdtempSync(join(tmpdir(), 'gatepost-attest-'));

const statementIn = ({ payload }: DsseEnvelope) => JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));

beforeAll(async () => {
  ledger = await TestLedger.start();
  const tells = `cat >/dev/null; echo "the key is $ATTESTED_SECRET" >&2; printf '${SAID}, by %s' "$ATTESTED_SECRET"`;
  const executors = { work: { command: ['sh', '-c', tells], env: ['ATTESTED_SECRET'] } };
  lane = await Lane.open(ledger, executors, 1, { ATTESTED_SECRET: SECRET });
  const coordinator = new CoordinatorProcess(lane);
  const planFile = join(own, 'plan.json');
  const task = { id: 'report', type: 'work', price: 5, gate: { command: ['grep', '-q', 'asked'] } };
  writeFileSync(planFile, JSON.stringify({ name: 'attested', sequences: [{ id: 's', tasks: [task] }] }));
  expect(await coordinator.run(planFile)).toMatchObject({ code: 0 });
  const { code, output } = await coordinator.command('attest', 'report', ...coordinator.config);
  expect(code, output).toBe(0);
  envelope = JSON.parse(output);
  // The key as anybody reads it from the mirror.
  const { mirror, account } = lane.coordinator.connection;
  const shown = await mirror.account(account);
  pem = pemOf(shown?.key?.key);
}, 120_000);

afterAll(async () => {
  rmSync(own, { recursive: true, force: true });
  await lane?.close();
  await ledger?.close();
});

it('says what was judged, by whom, by which plan and gate, and where on the journal', () => {
  expect(envelope.payloadType).toBe('application/vnd.in-toto+json');
  const { account, network } = lane.coordinator.connection;
  expect(statementIn(envelope)).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: sha256(OUTPUT) } }],
    predicateType: 'https://slsa.dev/verification_summary/v1',
    predicate: {
      verifier: { id: `hedera:${network.name}:${account}` },
      verificationResult: 'PASSED',
      policy: { digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      gatepost: { gate: 'command', journal: lane.journal, verdict_at: expect.stringMatching(/^\d+\.\d{9}$/) },
    },
  });
});

it('holds nothing of a secret that the agent was given, nor do the journal and what the coordinator keeps', async () => {
  const { mirror } = lane.coordinator.connection;
  const messages: string[] = [];
  for await (const message of mirror.messagesAfter(lane.journal, 0)) {
    messages.push(Buffer.from(message.message).toString('utf8'));
  }
  const kept = readdirSync(lane.directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(lane.directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'));
  const told = [JSON.stringify(statementIn(envelope)), ...messages, ...kept].join('\n');
  expect(told).toContain('the key is [ATTESTED_SECRET]');
  expect(told).toContain(OUTPUT);
  expect(told).not.toContain(SECRET);
});

/** Ten changes, each of which takes the signature its worth. */
const CHANGES: Readonly<Record<string, (sealed: DsseEnvelope) => DsseEnvelope>> = {
  'another output': (sealed) => withText(sealed, sha256(OUTPUT), sha256('another')),
  'another name': (sealed) => withText(sealed, '/report#1', '/other#1'),
  'another result': (sealed) => withText(sealed, 'PASSED', 'FAILED'),
  'another plan': (sealed) => withText(sealed, statementIn(sealed).predicate.policy.digest.sha256, sha256('plan')),
  'another judge': (sealed) => withText(sealed, lane.coordinator.connection.account, '0.0.2'),
  'another gate': (sealed) => withText(sealed, '"gate":"command"', '"gate":"none"'),
  'another journal': (sealed) => withText(sealed, `"journal":"${lane.journal}"`, '"journal":"0.0.2"'),
  'another space': (sealed) => withText(sealed, ',"predicate":', ', "predicate":'),
  'another type': (sealed) => ({ ...sealed, payloadType: 'application/json' }),
  'another signature': (sealed) => {
    const sig = Buffer.from(sealed.signatures[0]?.sig ?? '', 'base64');
    sig[10] = (sig[10] ?? 0) ^ 1;
    return { ...sealed, signatures: [{ keyid: sealed.signatures[0]?.keyid ?? '', sig: sig.toString('base64') }] };
  },
};

function withText(sealed: DsseEnvelope, from: string, to: string): DsseEnvelope {
  const text = Buffer.from(sealed.payload, 'base64').toString('utf8');
  if (!text.includes(from)) throw new Error(`the statement has no ${from}`);
  return { ...sealed, payload: Buffer.from(text.replace(from, to)).toString('base64') };
}

describe.each([
  ['@sigstore/verify', sigstoreTakes, true],
  ['securesystemslib', pythonTakes, PYTHON],
] as const)('%s', (_name, takes, isHere) => {
  it.skipIf(!isHere)('accepts it with the key that the mirror shows, and refuses another key', () => {
    expect(takes(envelope, pem)).toBe(true);
    const { publicKey } = generateKeyPairSync('ed25519');
    const otherPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(takes(envelope, otherPem)).toBe(false);
  });

  it.skipIf(!isHere).each(Object.keys(CHANGES))('refuses %s', (name) => {
    expect(takes(CHANGES[name]?.(envelope) ?? envelope, pem)).toBe(false);
  });
});
