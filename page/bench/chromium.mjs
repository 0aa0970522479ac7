import { existsSync } from 'node:fs';

/** Where distributions put Chromium; nothing brings a browser of its own. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this host; undefined when there is none. */
export const chromiumPath = () => PATHS.find((path) => existsSync(path));

/** Root, as in containers, has no user namespaces to make a sandbox of; the page is our own. */
export const LAUNCH_ARGUMENTS = ['--no-sandbox', '--disable-dev-shm-usage'];
