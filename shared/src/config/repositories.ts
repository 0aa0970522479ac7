import { resolve } from 'node:path';
import { z } from 'zod';
import { repositoryUrlProblem } from '../vocabulary/repository.js';

const place = z.string().superRefine((text, context) => {
  const problem = repositoryUrlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: `the address of a repository ${problem}` });
});

/** Addresses and directories at and below which repositories may be fetched; none without. */
export const repositoriesSetting = z.array(place).max(64).default([]);

/** Resolves those that are paths against the directory of the file they stand in. */
export const absoluteRepositories = (places: readonly string[], directory: string): string[] =>
  places.map((text) => (text.includes('://') ? text : resolve(directory, text)));
