import { utf8Length } from './bytes.js';
import { limits } from './limits.js';
import { demand, Status } from './status.js';

/** A memo has at most 100 UTF-8 bytes and no NUL. */
export function checkMemo(memo: string): void {
  demand(utf8Length(memo) <= limits.memoBytes, Status.MEMO_TOO_LONG);
  demand(!memo.includes('\0'), Status.INVALID_ZERO_BYTE_IN_STRING);
}

/** A token name or symbol has 1 to `max` UTF-8 bytes and no NUL. */
export function checkLabel(text: string, max: number, missing: Status, tooLong: Status): void {
  demand(text.length > 0, missing);
  demand(utf8Length(text) <= max, tooLong);
  demand(!text.includes('\0'), Status.INVALID_ZERO_BYTE_IN_STRING);
}
