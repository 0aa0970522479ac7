#!/usr/bin/env node
import { requireNode } from '@gatepost/shared/cli/require-node';

requireNode('arbiter');
const { prepareLibraries } = await import('@gatepost/shared/config/environment');
prepareLibraries();
await import('../dist/arbiter.js');
