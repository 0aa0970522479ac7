#!/usr/bin/env node
import { requireNode } from '@gatepost/shared/cli/require-node';

requireNode('agent-daemon');
const { prepareLibraries } = await import('@gatepost/shared/config/environment');
prepareLibraries();
await import('../dist/main.js');
