import { keyListFromMirror, keysEnoughAlone, type MirrorKeyList } from '@gatepost/shared/hedera/key-list';
import { proto } from '@hiero-ledger/proto';
import { describe, expect, it } from 'vitest';

const single = (byte: number): proto.IKey => ({ ed25519: Buffer.alloc(32, byte) });
const list = (...keys: proto.IKey[]): proto.IKey => ({ keyList: { keys } });
const some = (threshold: number, ...keys: proto.IKey[]): proto.IKey => ({
  thresholdKey: { threshold, keys: { keys } },
});
const encoded = (key: proto.IKey) => ({
  _type: 'ProtobufEncoded' as const,
  key: Buffer.from(proto.Key.encode(key).finish()).toString('hex'),
});
const hex = (byte: number) => Buffer.alloc(32, byte).toString('hex');
const alone = (key: proto.IKey) => keysEnoughAlone(encoded(key)).map((one) => one.key);

describe('keys that are enough alone', () => {
  it('a single key is', () => {
    const key = { _type: 'ED25519' as const, key: hex(1) };
    expect(keysEnoughAlone(key)).toEqual([key]);
  });

  it.each<[string, proto.IKey, number[]]>([
    ['none of a list of two', list(single(1), single(2)), []],
    ['the one of a list', list(single(1)), [1]],
    ['each of one of two', some(1, single(1), single(2)), [1, 2]],
    ['none of two of three', some(2, single(1), single(2), single(3)), []],
    ['one that is there twice of two', some(2, single(1), single(1), single(2)), [1]],
    ['one that is in a list and in another', list(some(1, single(1), single(2)), some(1, single(1), single(3))), [1]],
    ['one of a list within', some(1, list(single(1), single(2)), single(3)), [3]],
    ['none of a list of nothing', list(), []],
    ['no contract', { contractID: { evmAddress: Buffer.alloc(20, 5) } }, []],
  ])('%s', (_what, key, expected) => {
    expect(alone(key).sort()).toEqual(expected.map(hex).sort());
  });
});

it('a list is read when all its members are single keys', () => {
  const read = (key: proto.IKey): MirrorKeyList | undefined => keyListFromMirror(encoded(key));
  expect(read(some(2, single(1), single(2), single(3)))?.threshold).toBe(2);
  expect(read(list(single(1), list(single(2))))).toBeUndefined();
});
