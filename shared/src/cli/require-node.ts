/** The oldest Node.js that everything here runs on; the `engines` of each package.json say the same. */
const OLDEST = [20, 19] as const;

/**
 * Ends the process with one line and exit code 2 when this Node.js is too old. Called before anything is imported that an
 * old one could not load, so this file imports nothing.
 * @param program as the line calls it.
 */
export function requireNode(program: string): void {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  process.stderr.write(
    `this is Node.js ${node}, but ${program} needs ${OLDEST.join('.')} or newer; install that first\n`,
  );
  process.exit(2);
}
