import { render } from 'preact';
import { App } from './app.js';
import { LivePage } from './live/live-page.js';
import type { ReportDocument } from './report.js';

const root = document.getElementById('page');
const data = document.getElementById('report')?.textContent ?? 'null';
const report = JSON.parse(data) as ReportDocument | null;
// A coordinator that serves the page leaves it empty; a file has a report in it, and asks nobody.
if (root !== null) render(report === null ? <LivePage /> : <App report={report} />, root);
