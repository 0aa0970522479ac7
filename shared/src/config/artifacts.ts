import { resolve } from 'node:path';
import { z } from 'zod';
import { isLoopback } from '../vocabulary/address.js';

/** A bucket of a service that speaks S3. */
export interface BucketPlace {
  /** Of the service; AWS's own when undefined. */
  readonly endpoint?: string | undefined;
  readonly bucket: string;
  readonly region: string;
  /** What the keys of its artifacts begin with, without a slash at its ends; empty for nothing. */
  readonly prefix: string;
}

/** Where artifacts are kept: a directory, by its absolute path, or a bucket. */
export type ArtifactsPlace = { readonly directory: string } | { readonly s3: BucketPlace };

/** What is wrong with the address of a service; undefined for nothing. */
function endpointProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an https address';
  const { protocol, username, password, search, hash, hostname } = new URL(text);
  if (username !== '' || password !== '')
    return 'must hold no credentials; they come from the environment or a profile';
  if (search !== '' || hash !== '') return 'must be an address without ? and #';
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')))) return undefined;
  return 'must be https, or http on a loopback address';
}

const endpoint = z.string().superRefine((text, context) => {
  const message = endpointProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const bucket = z.strictObject({
  endpoint: endpoint.optional(),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a region')
    .default('us-east-1'),
  prefix: z
    .string()
    .max(256)
    .regex(/^([\w.-]+(\/[\w.-]+)*)?$/, 'must be names with slashes between them, such as team/artifacts')
    .default(''),
});

/** Where accepted outputs are kept beyond their agents; nowhere without. */
export const artifactsSetting = z
  .strictObject({ directory: z.string().min(1).optional(), s3: bucket.optional() })
  .refine(({ directory, s3 }) => (directory === undefined) !== (s3 === undefined), 'must name a directory, or s3');

/** The place, its path absolute. @param base directory of the file that it stands in. */
export function artifactsPlace(
  { directory, s3 }: z.output<typeof artifactsSetting>,
  base: string,
): ArtifactsPlace | undefined {
  if (s3 !== undefined) return { s3 };
  return directory === undefined ? undefined : { directory: resolve(base, directory) };
}
