/** What was said, and what a command could do. */
export interface Observation {
  readonly daemon: string;
  readonly mechanism: 'bubblewrap' | 'namespaces' | 'none';
  readonly doctor: string;
  readonly announced: readonly string[];
  readonly reality: {
    readonly uid: number;
    readonly files: boolean;
    readonly processes: boolean;
    readonly network: boolean;
    readonly kernel: boolean;
    readonly escaped: boolean;
    readonly opened: readonly string[];
  };
}
export const HOSTS: Readonly<Record<string, string>>;
export const USERS: Readonly<Record<string, object>>;
export const HEAD: string;
export function observe(user: string, host: string, ...options: string[]): Observation;
export function lineOf(user: string, host: string): string;
