/** What the outputs of the benchmark satisfy. */
const SCHEMA = { type: 'object', properties: { done: { const: true } }, required: ['done'] };

const defaults = { deadline: '10m', price: 1, gate: { schema: SCHEMA } };

/** The input of a task that is answered with an output that no other has. */
export const ownOutput = (n: number) => ({ own: n });

/** So many tasks that do not know each other. */
export const independentTasks = (count: number, inputOf: (n: number) => unknown = (n) => n) => ({
  name: 'bench-independent',
  defaults,
  sequences: [
    { id: 'only', tasks: Array.from({ length: count }, (_, n) => ({ id: `t${n}`, type: 'noop', input: inputOf(n) })) },
  ],
});

/** Tasks of which each waits until the one before it is accepted; `passing`, each gets the output of that one too. */
export const chainOfTasks = (count: number, passing: boolean) => ({
  name: 'bench-chain',
  defaults,
  sequences: [
    {
      id: 'only',
      tasks: Array.from({ length: count }, (_, n) => {
        const before = `t${n - 1}`;
        const waits = n === 0 ? {} : passing ? { input: { before: { $output: before } } } : { depends_on: [before] };
        return { id: `t${n}`, type: 'noop', ...waits };
      }),
    },
  ],
});
