import { demand, Status } from '../../status.js';

/** Refuses serial numbers that no NFT could have. With a fungible token, others are taken and have no effect. */
export function checkSerials(serials: readonly bigint[]): void {
  demand(
    serials.every((serial) => serial > 0n),
    Status.INVALID_NFT_ID,
  );
}
