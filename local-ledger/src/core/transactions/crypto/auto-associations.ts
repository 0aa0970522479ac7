import { limits } from '../../limits.js';
import { demand, Status } from '../../status.js';

/** -1 is unlimited, 0 none, otherwise at most 5000 (HIP-904). */
export function checkAutoAssociations(slots: number): void {
  demand(slots >= -1 && slots <= limits.maxAutoAssociations, Status.INVALID_MAX_AUTO_ASSOCIATIONS);
}
