import type { Mirror } from '../mirror/start.js';
import type { ClockControl, ConsensusFaults, CreateAccount } from './ports.js';

/** What can be operated; a control whose part is missing answers 501. */
export interface ControlOptions {
  /** Default 127.0.0.1; must be a loopback address. */
  readonly host?: string;
  /** Default DEFAULT_CONTROL_PORT; 0 takes any free port. */
  readonly port?: number;
  readonly mirror?: Mirror;
  readonly faults?: ConsensusFaults;
  readonly clock?: ClockControl;
  readonly createAccount?: CreateAccount;
}

/** A control that this network does not have. */
export class MissingPart extends Error {
  constructor(part: string) {
    super(`this network has no ${part} to control`);
    this.name = 'MissingPart';
  }
}

/** The part, or MissingPart thrown. */
export function required<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new MissingPart(name);
  return part;
}
