// Reads a whole store and compares what it finds with what the store says it has; src/shell/store/check-store.ts starts it.
import { open } from 'lmdb';

const [path = ''] = process.argv.slice(2);
const root = open({ path, maxDbs: 64, readOnly: true });
for (const name of [...root.getKeys()]) {
  const table = root.openDB({ name, encoding: 'binary' });
  let found = 0;
  for (const { value } of table.getRange({})) found += value === undefined ? 0 : 1;
  const { entryCount } = table.getStats();
  if (found !== entryCount) throw new Error(`${String(name)} shows ${found} of ${entryCount} entries`);
}
await root.close();
