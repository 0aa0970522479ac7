// Plants a bug in a process: `node --import plant.mjs`, with the bug in GATEPOST_PLANTED as JSON {file, find, replace}.
import { register } from 'node:module';

register('./plant-hooks.mjs', import.meta.url, { data: JSON.parse(process.env.GATEPOST_PLANTED ?? '{}') });
