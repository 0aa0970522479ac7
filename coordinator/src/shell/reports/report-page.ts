import { readFileSync } from 'node:fs';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { ReportDocument } from '../../core/report/document.js';

/** Bundled beside the compiled code; sources that run as they are find it there too. */
const BUNDLE = new URL('../../../dist/page.html', import.meta.url);

/** Where the bundled page has room for a report. */
const ROOM = '<script type="application/json" id="report">null</script>';

/**
 * A report as one HTML file that needs no network. Its content security policy lets only the page's own script and style
 * work; the report is data and never code.
 * @throws GatepostError STORE_FAILED when the page was not bundled.
 */
export function reportPage(document: ReportDocument): string {
  return withReport(pageBundle(), document);
}

/** The bundled page with nothing in it. @throws GatepostError STORE_FAILED when it was not bundled. */
export function pageBundle(): string {
  try {
    return readFileSync(BUNDLE, 'utf8');
  } catch (error) {
    const message = `the page is not built: ${BUNDLE.pathname} cannot be read; in a checkout, run npm run build`;
    throw new GatepostError('STORE_FAILED', message, {}, error);
  }
}

/** Puts a report into the bundled page. */
export function withReport(page: string, document: ReportDocument): string {
  // Without this letter no text can end the script that holds it, nor begin a comment in it.
  const data = JSON.stringify(document).replaceAll('<', '\\u003c');
  return page.replace(ROOM, () => ROOM.replace('null', () => data));
}
