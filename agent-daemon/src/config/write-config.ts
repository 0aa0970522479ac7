import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { writePrivateFile } from '@gatepost/shared/private-file';
import { Document } from 'yaml';
import type { ConfigFile } from './schema.js';

const HEADING = ` agent-daemon configuration, written by agent-daemon init.
 Paths are relative to this file. Reference: docs/agent-daemon.md`;

/** Writes the configuration, readable by its owner only, in one step. */
export function writeConfig(file: string, config: ConfigFile): void {
  const document = new Document(config);
  document.commentBefore = HEADING;
  const path = resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writePrivateFile(path, document.toString({ lineWidth: 120 }));
}
