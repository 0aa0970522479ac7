// Task type audit-report: a Markdown report from an inventory and the sizes.
import { deliver, progress, readWorkOrder } from './work-order.mjs';

const mebibytes = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MiB`;
const row = (...cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;

function table(head, rows) {
  return [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');
}

function countBy(items, key) {
  const counts = new Map();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

const { input } = await readWorkOrder();
const { inventory, sizes } = input;
const bytesOf = new Map(sizes.packages.map(({ path, bytes }) => [path, bytes]));
const largest = [...inventory.packages]
  .sort((a, b) => (bytesOf.get(b.path) ?? 0) - (bytesOf.get(a.path) ?? 0))
  .slice(0, 15);
progress(0.5, 'tables');

deliver(`# ${input.title}

${inventory.packages.length} packages, ${mebibytes(sizes.total_bytes)} (${sizes.total_bytes} bytes).

## Licences

${table(
  ['licence', 'packages'],
  countBy(inventory.packages, ({ licence }) => licence),
)}

## Largest packages

${table(
  ['package', 'version', 'size'],
  largest.map(({ path, name, version }) => [name, version, mebibytes(bytesOf.get(path) ?? 0)]),
)}

## Installed in several versions

${
  sizes.duplicates.length === 0
    ? 'None.'
    : table(
        ['package', 'versions'],
        sizes.duplicates.map(({ name, versions }) => [name, versions.join(', ')]),
      )
}
`);
