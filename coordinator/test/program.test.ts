import { programFor } from '@gatepost/coordinator/cli/program';
import { describe, expect, it } from 'vitest';

const namesOf = async (word?: string): Promise<string[]> =>
  (await programFor(word))(() => undefined).commands.map((command) => command.name());

const all = await namesOf();

describe('the command line', () => {
  it('is of all commands when none is named, or one that there is not', async () => {
    expect(all).toContain('run');
    expect(await namesOf('rum')).toEqual(all);
    expect(await namesOf('toString')).toEqual(all);
  });

  it.each(all)('is of %s alone when that is named', async (name) => {
    expect(await namesOf(name)).toEqual([name]);
  });
});
