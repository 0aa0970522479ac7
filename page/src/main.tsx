import { render } from 'preact';
import { App } from './app.js';
import type { ReportDocument } from './report.js';

const root = document.getElementById('page');
const data = document.getElementById('report')?.textContent ?? 'null';
const report = JSON.parse(data) as ReportDocument | null;
if (root !== null && report !== null) render(<App report={report} />, root);
