// The walls of the house: proto <- shared <- rules <- party <- */core <- */shell <- main, cli; the page beside it.
const parts = ['local-ledger', 'agent-daemon', 'coordinator', 'gatekeeper'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { pathNot: '/gen/' }, to: { circular: true } },
    {
      name: 'unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'proto-stands-alone',
      severity: 'error',
      from: { path: '^proto/' },
      to: { path: '^(shared|rules|party|local-ledger|agent-daemon|coordinator|gatekeeper|gatepost|test)/' },
    },
    {
      name: 'shared-knows-only-proto',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(rules|party|local-ledger|agent-daemon|coordinator|gatekeeper|gatepost|test)/' },
    },
    {
      name: 'rules-know-only-the-vocabulary',
      comment: 'What every party recomputes alike is pure and knows no party.',
      severity: 'error',
      from: { path: '^rules/src/' },
      to: { pathNot: '^(rules/src/|shared/src/(vocabulary|records)/|node_modules/zod/)' },
    },
    {
      name: 'party-knows-no-party',
      comment: 'What coordinator and gatekeeper both do knows neither of them.',
      severity: 'error',
      from: { path: '^party/' },
      to: { path: '^(local-ledger|agent-daemon|coordinator|gatekeeper|gatepost|test)/' },
    },
    ...parts.map((part) => ({
      name: `${part}-knows-no-other-part`,
      severity: 'error',
      from: { path: `^${part}/` },
      to: { path: `^(${[...parts.filter((other) => other !== part), 'gatepost', 'test'].join('|')})/` },
    })),
    {
      name: 'page-knows-only-the-report',
      comment: 'The page runs in a browser: of the house it knows the form of a report and pure vocabulary.',
      severity: 'error',
      from: { path: '^page/src/' },
      to: {
        pathNot:
          '^(page/src/|coordinator/src/core/report/document\\.ts|shared/src/vocabulary/(explorer|printable)\\.ts|node_modules/(preact|@dagrejs/dagre)/)',
      },
    },
    {
      name: 'the-page-is-bundled',
      comment: 'Nothing imports the page; the coordinator reads its bundle as a file.',
      severity: 'error',
      from: { pathNot: '^page/' },
      to: { path: '^page/' },
    },
    {
      name: 'the-checker-stands-alone',
      comment: 'What checks the product from outside shares no code with it, nor with what drives it.',
      severity: 'error',
      from: { path: '^test/src/check/' },
      to: { pathNot: '^test/src/check/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'core-is-pure',
      comment: 'A core has no clock, process, file, socket or randomness: no Node built-ins.',
      severity: 'error',
      from: { path: '^[^/]+/src/core/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-knows-no-effects',
      comment:
        'A core imports its own core, generated messages, the pure vocabulary of shared, types of a protocol and pure libraries.',
      severity: 'error',
      from: { path: '^[^/]+/src/core/' },
      to: {
        pathNot:
          '^([^/]+/src/core/|[^/]+/gen/|rules/src/|shared/src/(vocabulary|records)/|node_modules/(zod|@bufbuild/protobuf|picomatch|@agentclientprotocol/sdk)/|agent-daemon/node_modules/picomatch/)',
      },
    },
    {
      name: 'vocabulary-is-pure',
      severity: 'error',
      from: { path: '^shared/src/(vocabulary|records)/' },
      to: {
        pathNot: '^(shared/src/(vocabulary|records)/|node_modules/(zod|canonicalize)/)',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'vocabulary-uses-no-effects',
      severity: 'error',
      from: { path: '^shared/src/(vocabulary|records)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'sdk-only-in-the-adapter',
      severity: 'error',
      from: {
        path: '^(shared|rules|party|agent-daemon|coordinator|gatekeeper|local-ledger)/src/',
        pathNot: '^shared/src/hedera/',
      },
      to: { path: 'node_modules/(@hashgraph|@hiero-ledger)/' },
    },
    {
      name: 'sdk-loaded-in-one-form',
      comment: 'Its ES modules take longer to load, and would be a second set of its classes.',
      severity: 'error',
      from: { path: '^[^/]+/src/', pathNot: '^shared/src/hedera/sdk\\.ts$' },
      to: { path: 'node_modules/@hashgraph/sdk/', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.tests.json' },
    enhancedResolveOptions: {
      conditionNames: ['gatepost-source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
