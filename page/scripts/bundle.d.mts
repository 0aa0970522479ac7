/** The whole page, with nothing in it yet. */
export function bundlePage(): Promise<string>;
