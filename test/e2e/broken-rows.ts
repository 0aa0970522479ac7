import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProblemId } from '@gatepost/shared/doctor/checks';
import type { ErrorCode } from '@gatepost/shared/vocabulary/errors';
import {
  AccountCreateTransaction,
  Hbar,
  KeyList,
  TokenPauseTransaction,
  TokenUnpauseTransaction,
} from '@hashgraph/sdk';
import type { BrokenBench } from './broken-bench.js';
import { type Change, networkOf } from './broken-stage.js';

/** One broken set-up. */
interface Row {
  readonly what: string;
  /** Breaks it: by what it returns, or on the ledger, or on the disk. */
  readonly broken: (bench: BrokenBench) => Change | Promise<Change>;
  readonly finds: ProblemId;
  readonly about?: (bench: BrokenBench) => string;
  /** How `run`, or `serve` for an agent's, ends before anything is written; undefined where it works all the same. */
  readonly ends?: readonly [code: ErrorCode, place: RegExp];
  readonly mend?: (bench: BrokenBench) => Promise<void>;
}

/** Nothing on any network has this id. */
const UNKNOWN = '0.0.987654';
const SHA256 = 'a'.repeat(64);

export const OF_COORDINATOR: readonly Row[] = [
  {
    what: 'a node that is not there',
    broken: (bench) => ({ env: { GATEPOST_NODE: bench.nobody } }),
    finds: 'node.unreachable',
    ends: ['LEDGER_UNREACHABLE', /GATEPOST_NODE/],
  },
  {
    what: 'a mirror that is not there',
    broken: (bench) => ({ env: { GATEPOST_MIRROR_REST: `http://${bench.nobody}` } }),
    finds: 'mirror.unreachable',
    ends: ['MIRROR_UNREACHABLE', /no answer from the mirror at http/],
  },
  {
    what: 'a mirror that is not there for gRPC',
    broken: (bench) => ({ env: { GATEPOST_MIRROR_GRPC: bench.nobody } }),
    finds: 'mirror.grpc-unreachable',
  },
  {
    what: 'the mirror of another network',
    broken: (bench) => bench.busyMirror(),
    finds: 'same-network.other',
    ends: ['INVALID_CONFIG', /does not show what node 127/],
  },
  {
    what: 'the mirror of another network on which nothing happens',
    broken: (bench) => ({ env: { GATEPOST_MIRROR_REST: networkOf(bench.idleNetwork).mirrorRest } }),
    finds: 'same-network.unproven',
  },
  {
    what: 'a local mirror for a public network',
    broken: (bench) => {
      const { mirrorRest, mirrorGrpc } = bench.stage.network;
      const mirror = { GATEPOST_MIRROR_REST: mirrorRest, GATEPOST_MIRROR_GRPC: mirrorGrpc };
      return { env: { GATEPOST_NETWORK: 'testnet', ...mirror } };
    },
    finds: 'same-network.other',
    ends: ['INVALID_CONFIG', /does not show what the nodes of testnet do/],
  },
  {
    what: 'the key of another account',
    broken: (bench) => ({ env: { COORDINATOR_PRIVATE_KEY: bench.bare.der } }),
    finds: 'account-key.other',
    ends: ['INVALID_KEY', /COORDINATOR_PRIVATE_KEY is not the key of/],
  },
  {
    what: 'a key given as one of the other kind',
    broken: (bench) => ({ env: { COORDINATOR_PRIVATE_KEY: `ecdsa:${bench.stage.coordinator.der.slice(-64)}` } }),
    finds: 'account-key.kind',
    ends: ['INVALID_KEY', /COORDINATOR_PRIVATE_KEY is given as ECDSA.*write ed25519:/],
  },
  {
    what: 'an account that does not exist',
    broken: () => ({ env: { COORDINATOR_ACCOUNT_ID: UNKNOWN }, config: { account: UNKNOWN } }),
    finds: 'account-key.unknown-account',
    ends: ['INVALID_CONFIG', /local has no account 0\.0\.987654/],
  },
  {
    what: 'an account with a key list',
    broken: async (bench) => {
      const keys = new KeyList([bench.stage.coordinator.key.publicKey, bench.bare.key.publicKey]);
      const transaction = new AccountCreateTransaction().setKeyWithoutAlias(keys).setInitialBalance(new Hbar(10));
      const made = await (await transaction.execute(bench.stage.operator.client)).getReceipt(
        bench.stage.operator.client,
      );
      const account = String(made.accountId);
      return { env: { COORDINATOR_ACCOUNT_ID: account }, config: { account } };
    },
    finds: 'account-key.composite',
    ends: ['INVALID_KEY', /has no single key/],
  },
  {
    what: 'a key of which the kind is not said',
    broken: (bench) => ({ env: { COORDINATOR_PRIVATE_KEY: bench.stage.coordinator.der.slice(-64) } }),
    finds: 'configuration.invalid',
    ends: ['INVALID_KEY', /COORDINATOR_PRIVATE_KEY is bare hex/],
  },
  {
    what: "another account's configuration",
    broken: (bench) => ({ config: { account: bench.bare.account } }),
    finds: 'configuration.invalid',
    ends: ['INVALID_CONFIG', /belongs to .*COORDINATOR_ACCOUNT_ID/],
  },
  {
    what: 'an account without hbar',
    broken: async (bench) => {
      await bench.stage.drain();
      return {};
    },
    finds: 'hbar.none',
    ends: ['INVALID_CONFIG', /has 0\.0001 ℏ/],
    mend: (bench) => bench.stage.fund(),
  },
  {
    what: 'a token that does not exist',
    broken: () => ({ config: { token: UNKNOWN } }),
    finds: 'token.unknown',
    ends: ['INVALID_CONFIG', /local has no token 0\.0\.987654/],
  },
  {
    what: 'a token that is paused',
    broken: async (bench) => {
      await bench.stage.send(bench.stage.coordinator, new TokenPauseTransaction().setTokenId(bench.stage.token));
      return {};
    },
    finds: 'token.paused',
    ends: ['INVALID_CONFIG', /is paused/],
    mend: (bench) =>
      bench.stage.send(bench.stage.coordinator, new TokenUnpauseTransaction().setTokenId(bench.stage.token)),
  },
  {
    what: 'a treasury without tokens',
    broken: async (bench) => {
      const { coordinator, agent } = bench.stage;
      await bench.stage.moveTokens(coordinator, agent, await bench.stage.treasury());
      return {};
    },
    finds: 'holding.empty',
    ends: ['INVALID_CONFIG', /holds 0 of .*, the plan needs 3/],
    mend: async (bench) => {
      const { coordinator, agent } = bench.stage;
      await bench.stage.moveTokens(agent, coordinator, await bench.stage.paid());
    },
  },
  {
    what: 'a journal that does not exist',
    broken: () => ({ config: { journal: UNKNOWN } }),
    finds: 'journal.unknown',
    ends: ['INVALID_CONFIG', /journal: local has no topic 0\.0\.987654/],
  },
  {
    what: "an agent's inbox as journal",
    broken: async (bench) => ({
      config: { journal: await bench.topic({ memo: 'some topic', submitKey: bench.stage.coordinator.key.publicKey }) },
    }),
    finds: 'journal.inbox',
    ends: ['INVALID_CONFIG', /journal: topic .* is an inbox/],
  },
  {
    what: 'the journal of another coordinator',
    broken: async (bench) => {
      const journal = await bench.topic({ memo: 'some topic' });
      const epoch = { type: 'epoch' as const, epoch: 1, instance: 'x', host: 'h', pid: 1, state: 'begun' as const };
      await bench.stage.write({ connection: bench.stage.operator }, journal, epoch);
      return { config: { journal } };
    },
    finds: 'journal.foreign',
    ends: ['INVALID_CONFIG', /is the journal of 0\.0\.2/],
  },
  {
    what: 'a journal that only somebody else may write to',
    broken: async (bench) => ({
      config: { journal: await bench.topic({ memo: 'x', submitKey: bench.bare.key.publicKey }) },
    }),
    finds: 'journal.closed',
    ends: ['INVALID_CONFIG', /takes messages of another key alone/],
  },
  {
    what: 'a topic of something else as journal',
    broken: async (bench) => ({ config: { journal: await bench.topic({ memo: 'chat' }) } }),
    finds: 'journal.strange',
  },
  {
    what: 'a state directory that is a file',
    broken: (bench) => {
      writeFileSync(join(bench.stage.directory, 'occupied'), '');
      return { config: { state_dir: 'occupied' } };
    },
    finds: 'disk.not-writable',
    ends: ['STORE_FAILED', /occupied: ENOTDIR/],
  },
  {
    what: 'nobody who may work',
    broken: () => ({ config: { agents: [] } }),
    finds: 'agents.none',
  },
  {
    what: 'an agent that is not allowed',
    broken: (bench) => ({ config: { agents: [bench.bare.account] } }),
    finds: 'agents.not-allowed',
    about: (bench) => bench.stage.agent.account,
  },
  {
    what: 'an allowed agent that does not exist',
    broken: (bench) => ({ config: { agents: [UNKNOWN, bench.stage.agent.account] } }),
    finds: 'agent-account.unknown',
    about: () => UNKNOWN,
  },
  {
    what: 'an allowed agent that is not associated with the token',
    broken: (bench) => ({ config: { agents: [bench.bare.account, bench.stage.agent.account] } }),
    finds: 'agent-holding.not-associated',
    about: (bench) => bench.bare.account,
  },
  {
    what: 'an allowed agent that was never online',
    broken: (bench) => ({ config: { agents: [bench.bare.account, bench.stage.agent.account] } }),
    finds: 'agent-online.never',
    about: (bench) => bench.bare.account,
  },
  {
    what: 'an allowed agent whose inbox is for somebody else, and whose certificate is not the one it announced',
    broken: async (bench) => {
      const address = await bench.stage.daemonAddress();
      const inbox = await bench.topic(
        { memo: 'gatepost inbox', submitKey: bench.bare.key.publicKey },
        bench.liar.connection,
      );
      const online = { type: 'online' as const, session: 's', inbox, address, capabilities: ['lies'], slots: 1 };
      await bench.stage.write(bench.liar, bench.stage.journal, { ...online, cert_sha256: SHA256 });
      return { config: { agents: [bench.liar.account, bench.stage.agent.account] } };
    },
    finds: 'agent-inbox.submit-key',
    about: (bench) => bench.liar.account,
  },
  {
    what: 'the same agent',
    broken: (bench) => ({ config: { agents: [bench.liar.account, bench.stage.agent.account] } }),
    finds: 'agent-address.certificate',
    about: (bench) => bench.liar.account,
  },
  {
    what: 'an allowed agent that stopped',
    broken: async (bench) => {
      await bench.stage.write(bench.liar, bench.stage.journal, { type: 'offline', session: 's', reason: 'tired' });
      return { config: { agents: [bench.liar.account, bench.stage.agent.account] } };
    },
    finds: 'agent-online.offline',
    about: (bench) => bench.liar.account,
  },
];

export const OF_AGENT: readonly Row[] = [
  {
    what: 'the key of another account',
    broken: (bench) => ({ env: { AGENT_PRIVATE_KEY: bench.bare.der } }),
    finds: 'account-key.other',
    ends: ['INVALID_KEY', /AGENT_PRIVATE_KEY is not the key of/],
  },
  {
    what: 'the mirror of another network',
    broken: (bench) => bench.busyMirror(),
    finds: 'same-network.other',
    ends: ['INVALID_CONFIG', /does not show what node 127/],
  },
  {
    what: 'a coordinator that does not exist',
    broken: () => ({ config: { coordinator: { account: UNKNOWN } } }),
    finds: 'coordinator.unknown',
    ends: ['INVALID_CONFIG', /coordinator 0\.0\.987654/],
  },
  {
    what: 'an inbox that does not exist',
    broken: () => ({ config: { inbox: UNKNOWN } }),
    finds: 'inbox.unknown',
    ends: ['INVALID_CONFIG', /no inbox 0\.0\.987654/],
  },
  {
    what: 'an inbox that anybody may write to',
    broken: async (bench) => ({ config: { inbox: await bench.topic({ memo: 'open' }) } }),
    finds: 'inbox.submit-key',
    ends: ['INVALID_CONFIG', /does not carry the key of/],
  },
  {
    what: 'its own inbox as journal',
    broken: async (bench) => ({ config: { journal: await bench.inboxOfAgent() } }),
    finds: 'journal.inbox',
    ends: ['INVALID_CONFIG', /is an inbox of an agent/],
  },
  {
    what: 'a token that it is not associated with',
    broken: (bench) => ({ config: { token: bench.otherToken } }),
    finds: 'holding.not-associated',
  },
  {
    what: 'an account that is frozen for the token',
    broken: async (bench) => {
      await bench.freeze();
      return {};
    },
    finds: 'holding.frozen',
    mend: (bench) => bench.unfreeze(),
  },
  {
    what: 'a port that is taken',
    broken: (bench) => ({ config: { listen: bench.taken, data: 'data-2' } }),
    finds: 'listen.taken',
  },
  {
    what: 'a certificate that is not there',
    broken: () => ({ config: { tls: { cert: 'none.pem', key: 'none.pem' } } }),
    finds: 'certificate.invalid',
    ends: ['INVALID_CONFIG', /none\.pem/],
  },
  {
    what: 'a key file that everybody may read',
    broken: (bench) => {
      chmodSync(join(bench.stage.directory, 'agent/tls/key.pem'), 0o644);
      return {};
    },
    finds: 'files.open',
    mend: async (bench) => chmodSync(join(bench.stage.directory, 'agent/tls/key.pem'), 0o600),
  },
  {
    what: 'a program that is not there',
    broken: () => ({ config: { executors: { x: { command: ['/no/such/program'] } } } }),
    finds: 'executor.broken',
    about: () => 'x',
  },
  {
    what: 'a server that does not answer',
    broken: (bench) => ({ config: { executors: { x: { http: `http://${bench.nobody}` } } } }),
    finds: 'executor.silent',
    about: () => 'x',
  },
  { what: 'no executor at all', broken: () => ({ config: { executors: {} } }), finds: 'executor.none' },
  {
    what: 'a setting that does not exist',
    broken: () => ({ config: { executor: {} } }),
    finds: 'configuration.invalid',
    ends: ['INVALID_CONFIG', /executor: unknown key/],
  },
];
