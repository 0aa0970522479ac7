#!/usr/bin/env node
import { requireNode } from '@gatepost/shared/cli/require-node';

requireNode('gatepost');
await import('../dist/main.js');
