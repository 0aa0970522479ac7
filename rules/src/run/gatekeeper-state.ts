import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/** The newest process of the gatekeeper, as its own records tell it. */
export interface GatekeeperState {
  readonly life: 'online' | 'offline';
  /** Start of that process: the one that may sign. */
  readonly session: string;
  /** host:port of the gRPC server. */
  readonly address: string;
  /** Undefined on an insecure loopback. */
  readonly certSha256: Sha256 | undefined;
  /** Why it is offline. */
  readonly reason: string | undefined;
  /** When `life` last changed, or a process began. */
  readonly since: Nanos;
}
