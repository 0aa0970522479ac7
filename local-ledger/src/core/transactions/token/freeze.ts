import { Status } from '../../status.js';
import { relationFlag } from './relation-flag.js';

/** TokenFreeze: the account can neither send nor receive the token. */
export const tokenFreeze = relationFlag({
  name: 'TOKENFREEZE',
  key: (token) => token.freezeKey,
  missingKey: Status.TOKEN_HAS_NO_FREEZE_KEY,
  change: { frozen: true },
  evenFrozen: false,
});

/** TokenUnfreeze: lifts a freeze. */
export const tokenUnfreeze = relationFlag({
  name: 'TOKENUNFREEZE',
  key: (token) => token.freezeKey,
  missingKey: Status.TOKEN_HAS_NO_FREEZE_KEY,
  change: { frozen: false },
  evenFrozen: true,
});
