import type { Connection } from '@gatepost/shared/hedera/connection';
import { customFeesOf } from '@gatepost/shared/hedera/payer-fees';
import { feeText } from '@gatepost/shared/vocabulary/custom-fees';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';

/**
 * An escrow pays exactly what its parties sign and its refund gives back exactly what is left: a token that takes custom fees
 * of either (HIP-18) allows neither.
 * @throws GatepostError USAGE for such a token, NOT_FOUND, MIRROR_UNREACHABLE
 */
export async function assertNoCustomFees({ mirror }: Pick<Connection, 'mirror'>, token: TokenId): Promise<void> {
  const fees = customFeesOf(await mirror.token(token));
  if (fees.length === 0) return;
  throw new GatepostError(
    'USAGE',
    `${token} takes ${fees.map(feeText).join('; ')}; an escrow holds only tokens without custom fees, take another one`,
    { token },
  );
}
