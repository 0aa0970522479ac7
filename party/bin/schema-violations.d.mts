import type { Json } from '@gatepost/shared/vocabulary/digest';

/** What an output violates, `/place message` each; undefined when it satisfies the schema. */
export default function violations(of: { readonly schema: Json; readonly output: Json }): readonly string[] | undefined;
