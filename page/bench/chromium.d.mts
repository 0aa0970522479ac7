/** The browser of this host; undefined when there is none. */
export function chromiumPath(): string | undefined;

/** What it is started with. */
export const LAUNCH_ARGUMENTS: string[];
