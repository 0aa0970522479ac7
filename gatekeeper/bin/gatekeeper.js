#!/usr/bin/env node
import { requireNode } from '@gatepost/shared/cli/require-node';

requireNode('gatekeeper');
const { prepareLibraries } = await import('@gatepost/shared/config/environment');
prepareLibraries();
await import('../dist/main.js');
