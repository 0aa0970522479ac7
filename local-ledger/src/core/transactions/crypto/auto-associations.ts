import { limits } from '../../limits.js';
import { demand, Status } from '../../status.js';

/** -1 is unlimited, 0 none, otherwise at most 5000 (HIP-904); `tooMany` is the code for more. */
export function checkAutoAssociations(slots: number, tooMany: Status): void {
  demand(slots >= -1, Status.INVALID_MAX_AUTO_ASSOCIATIONS);
  demand(slots <= limits.maxAutoAssociations, tooMany);
}
