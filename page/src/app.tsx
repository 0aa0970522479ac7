import type { ComponentChildren } from 'preact';
import { useContext, useRef } from 'preact/hooks';
import { AgentsView } from './agents/agents-view.js';
import { Live } from './live/live.js';
import { MoneyView } from './money/money-view.js';
import { Id, Network, Where } from './parts/ledger.js';
import { Tabs } from './parts/tabs.js';
import { Text } from './parts/text.js';
import type { ReportDocument, ReportedRun } from './report.js';
import { type Route, useRoute } from './route.js';
import { RunList } from './runs/run-list.js';
import { TasksView } from './tasks/tasks-view.js';
import { VerifyView, verdictOn } from './verification/verify-view.js';

interface AppProps {
  readonly report: ReportDocument;
  /** What stands before the runs. */
  readonly children?: ComponentChildren;
}

/** The whole page. */
export function App({ report, children }: AppProps) {
  const [route, go] = useRoute();
  const run = useChosen(report, route);
  const { verification } = report;
  return (
    <Network.Provider value={report.network}>
      <button type="button" class="skip" onClick={jump}>
        To the run
      </button>
      <header>
        <h1>Gatepost</h1>
        <p>
          journal <Id kind="topic" id={report.journal} /> on {report.network}
          {report.made_at !== '' && `, as of ${report.made_at.slice(0, 19).replace('T', ' ')} UTC`}
        </p>
        {report.made_at !== '' && <p class={verification.holds ? 'good' : 'bad'}>{verdictOn(verification)}</p>}
      </header>
      <main>
        {children}
        <RunList runs={report.runs} chosen={run?.run} />
        {run === undefined ? (
          <p>No runs.</p>
        ) : (
          <RunView key={run.run} report={report} run={run} route={route} go={go} />
        )}
      </main>
    </Network.Provider>
  );
}

/** The run that is looked at: that of the address, else the newest; on a live page a newer one does not take its place. */
function useChosen({ runs }: ReportDocument, route: Route): ReportedRun | undefined {
  const isLive = useContext(Live) !== undefined;
  const last = useRef<string | undefined>(undefined);
  const find = (id: string | undefined) => runs.find(({ run }) => run === id);
  const run = find(route.run) ?? (isLive ? find(last.current) : undefined) ?? runs.at(-1);
  last.current = run?.run;
  return run;
}

/** Moves the focus without touching the address, which says what is looked at. */
function jump(): void {
  const title = document.getElementById('run-title');
  title?.focus();
  title?.scrollIntoView();
}

const TABS = [
  ['tasks', 'Tasks'],
  ['agents', 'Agents'],
  ['money', 'Money'],
  ['verify', 'Verify'],
] as const;

interface RunViewProps {
  readonly report: ReportDocument;
  readonly run: ReportedRun;
  readonly route: Route;
  readonly go: (route: Route) => void;
}

function RunView({ report, run, route, go }: RunViewProps) {
  const select = (task: string) => go({ run: run.run, view: 'tasks', task });
  const { view } = route;
  return (
    <section aria-labelledby="run-title">
      <h2 id="run-title" tabIndex={-1}>
        <Text of={run.name} />
      </h2>
      <dl class="facts">
        <dt>Run</dt>
        <dd>
          <Text of={run.run} />
        </dd>
        <dt>State</dt>
        <dd>
          <span class={`outcome o-${run.outcome}`}>{run.outcome}</span>, {run.accepted} of {run.task_count} accepted
        </dd>
        <dt>Opened</dt>
        <dd>
          <Where place={run.opened} />
        </dd>
        {run.closed !== undefined && (
          <>
            <dt>Closed</dt>
            <dd>
              <Where place={run.closed} />
            </dd>
          </>
        )}
        <dt>Coordinator</dt>
        <dd>
          <Id kind="account" id={run.coordinator} />
        </dd>
        {run.gatekeeper !== undefined && (
          <>
            <dt>Gatekeeper</dt>
            <dd>
              <Id kind="account" id={run.gatekeeper} />
            </dd>
          </>
        )}
        {run.escrow !== undefined && (
          <>
            <dt>Escrow</dt>
            <dd>
              <Id kind="account" id={run.escrow} />
            </dd>
          </>
        )}
        {run.arbiter !== undefined && (
          <>
            <dt>Arbiter</dt>
            <dd>
              <Id kind="account" id={run.arbiter} />
            </dd>
          </>
        )}
        <dt>Plan</dt>
        <dd>
          <small class="id">{run.plan_sha256}</small>
        </dd>
      </dl>
      <Tabs
        label="About the run"
        tabs={TABS}
        chosen={view}
        choose={(next) => go({ run: run.run, view: next, task: route.task })}
      >
        {/* It stays, hidden, while others are looked at: what was searched for stays too, and nothing is drawn anew. */}
        <div hidden={view !== 'tasks'}>
          <TasksView run={run} selected={route.task} select={select} />
        </div>
        {view === 'agents' && <AgentsView report={report} run={run} select={select} />}
        {view === 'money' && <MoneyView run={run} />}
        {view === 'verify' && <VerifyView verification={report.verification} run={run.run} />}
      </Tabs>
    </section>
  );
}
