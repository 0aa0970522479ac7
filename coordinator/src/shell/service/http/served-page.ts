import { createHash } from 'node:crypto';
import { pageBundle } from '../../reports/report-page.js';

/** The page, its content security policy as a header has it, and a tag that changes when it does. */
export interface ServedPage {
  readonly html: string;
  readonly policy: string;
  readonly tag: string;
}

const META_POLICY = /(<meta http-equiv="Content-Security-Policy" content=")([^"]*)(">)/;

/**
 * The page as it is served: that of the one-file report, which may connect to where it came from besides.
 * @throws GatepostError STORE_FAILED when it was not bundled.
 */
export function servedPage(): ServedPage {
  let policy = "default-src 'none'";
  const html = pageBundle().replace(META_POLICY, (_all, before: string, own: string, after: string) => {
    policy = `${own}; connect-src 'self'`;
    return `${before}${policy}${after}`;
  });
  const tag = `"${createHash('sha256').update(html).digest('base64url')}"`;
  return { html, policy: `${policy}; frame-ancestors 'none'`, tag };
}
