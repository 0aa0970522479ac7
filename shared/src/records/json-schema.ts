import { z } from 'zod';
import { topicMessage } from './topic-message.js';

/** The JSON Schema (2020-12) of topic messages, for readers in any language; docs/records.schema.json is a copy. */
export const recordsJsonSchema = (): object => z.toJSONSchema(topicMessage, { io: 'input' });
