// Writes docs/plan.schema.json, docs/records.schema.json and docs/report.schema.json from the compiled schemas; run after a build, then `npm run lint:fix`.
import { writeFileSync } from 'node:fs';
import { reportJsonSchema } from '@gatepost/coordinator/core/report/document';
import { planJsonSchema } from '@gatepost/rules/plan/json-schema';
import { recordsJsonSchema } from '@gatepost/shared/records/json-schema';

for (const [name, schema] of [
  ['plan', planJsonSchema()],
  ['records', recordsJsonSchema()],
  ['report', reportJsonSchema()],
]) {
  const file = new URL(`../../docs/${name}.schema.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(schema, undefined, 2)}\n`);
}
