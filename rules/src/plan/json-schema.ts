import { z } from 'zod';
import { planSource } from './schema.js';

/** The JSON Schema (2020-12) of plan files, for editors; docs/plan.schema.json is a copy. */
export const planJsonSchema = (): object => z.toJSONSchema(planSource, { io: 'input' });
