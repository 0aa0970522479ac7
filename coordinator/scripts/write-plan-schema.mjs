// Writes docs/plan.schema.json from the compiled schema; run after a build, then `npm run lint:fix`.
import { writeFileSync } from 'node:fs';
import { planJsonSchema } from '@gatepost/rules/plan/json-schema';

writeFileSync(
  new URL('../../docs/plan.schema.json', import.meta.url),
  `${JSON.stringify(planJsonSchema(), undefined, 2)}\n`,
);
