#!/usr/bin/env node
import { requireNode } from '@gatepost/shared/cli/require-node';

requireNode('local-ledger');
await import('../dist/src/main.js');
