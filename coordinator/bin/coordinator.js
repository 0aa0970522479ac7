#!/usr/bin/env node
import { prepareLibraries } from '@gatepost/shared/config/environment';

prepareLibraries();
await import('../dist/main.js');
