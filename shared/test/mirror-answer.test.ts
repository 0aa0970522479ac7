import { parseAnswer } from '@gatepost/shared/hedera/mirror-rest';
import { describe, expect, it } from 'vitest';

describe('an answer of the mirror', () => {
  it('keeps integers of any size exactly, and all else as JSON has it', () => {
    const text =
      '{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740991,"d":1.5,"e":"9223372036854775807"}';
    expect(parseAnswer(text)).toEqual({
      a: 9_223_372_036_854_775_807n,
      b: -9_223_372_036_854_775_808n,
      c: Number.MAX_SAFE_INTEGER,
      d: 1.5,
      e: '9223372036854775807',
    });
    expect(parseAnswer('[999999999999999,-1,1e3,"1795954268.201432251",null]')).toEqual([
      999_999_999_999_999,
      -1,
      1_000,
      '1795954268.201432251',
      null,
    ]);
  });

  it.each(['{', '{"a":9223372036854775807', ''])('that is no JSON is refused: %s', (text) => {
    expect(() => parseAnswer(text)).toThrow(SyntaxError);
  });
});
