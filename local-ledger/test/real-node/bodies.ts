import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { Sent } from './world.js';

/** The value of one kind of transaction. */
export type Value<C extends string> = Extract<NonNullable<Sent['body']>['data'], { $case?: C }>['value'];

const life = { autoRenewPeriod: { seconds: 7_776_000n } };

export const tokenCreate = (value: Value<'tokenCreation'>): Sent => ({
  body: { data: { $case: 'tokenCreation', value: { ...life, ...value } } },
  by: ['A'],
});
export const topicCreate = (value: Value<'consensusCreateTopic'>, by: string[] = []): Sent => ({
  body: { data: { $case: 'consensusCreateTopic', value: { ...life, ...value } } },
  fee: 50_000_000_000n,
  by,
});
export const create = (value: Value<'cryptoCreateAccount'>): Sent => ({
  body: { data: { $case: 'cryptoCreateAccount', value: { ...life, ...value } } },
});
export const listOf = (...keys: Key[]): Key => ({ key: { $case: 'keyList', value: { keys } } });
export const short: Key = { key: { $case: 'ed25519', value: new Uint8Array(31) } };
export const none: Key = { key: undefined };
export const rsa: Key = { key: { $case: 'rsa3072', value: new Uint8Array(384) } };

export const threshold = (count: number, key: Key): Key => ({
  key: { $case: 'thresholdKey', value: { threshold: count, keys: { keys: [key] } } },
});
