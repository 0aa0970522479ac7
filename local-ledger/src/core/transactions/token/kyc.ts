import { Status } from '../../status.js';
import { relationFlag } from './relation-flag.js';

/** TokenGrantKyc: the account may hold and move the token. */
export const tokenGrantKyc = relationFlag({
  name: 'TOKENGRANTKYC',
  key: (token) => token.kycKey,
  missingKey: Status.TOKEN_HAS_NO_KYC_KEY,
  change: { kycGranted: true },
  evenFrozen: false,
});

/** TokenRevokeKyc: withdraws the grant. */
export const tokenRevokeKyc = relationFlag({
  name: 'TOKENREVOKEKYC',
  key: (token) => token.kycKey,
  missingKey: Status.TOKEN_HAS_NO_KYC_KEY,
  change: { kycGranted: false },
  evenFrozen: false,
});
