// Checks a report against the accepted results it was made from.
import { judge, readResult } from './gate.mjs';

const { input, output } = await readResult();
const report = typeof output === 'string' ? output : '';
const { inventory, sizes } = input;
const problems = [];
if (!report.startsWith(`# ${input.title}\n`)) problems.push(`the report must begin with "# ${input.title}"`);
if (!report.includes(`${inventory.packages.length} packages`))
  problems.push('the number of packages is missing or wrong');
if (!report.includes(`(${sizes.total_bytes} bytes)`)) problems.push('the total size is missing or wrong');

const section = (title) => report.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const counts = [...section('Licences').matchAll(/\| (\d+) \|$/gm)].map(([, count]) => Number(count));
const counted = counts.reduce((sum, count) => sum + count, 0);
if (counted !== inventory.packages.length) problems.push(`the licence table counts ${counted} packages`);
for (const { name } of sizes.duplicates) {
  if (!section('Installed in several versions').includes(`| ${name} |`))
    problems.push(`${name} is missing among the duplicates`);
}
if (/undefined|NaN/.test(report)) problems.push('the report has a hole in it');
judge(problems, `the report accounts for ${counted} packages`);
