import { printable } from '@gatepost/shared/vocabulary/printable';
import { useMemo, useState } from 'preact/hooks';
import { Scroll } from '../parts/scroll.js';
import type { ReportDocument, ReportedAgent, ReportedRun } from '../report.js';
import { lasting, msOf } from '../words.js';
import { type Lane, lanesOf, type Span } from './spans.js';

const ROW = 12;
const BAR = ROW - 3;
const LIFE = 10;
const HEAD = 20;
const LANE_GAP = 10;
const WIDTH = 1_000;
const ZOOMS = [1, 2, 4, 8, 16, 32] as const;
const PHASES = ['waiting', 'working', 'judged'] as const;
const ENDS = ['accepted', 'rejected', 'lost'] as const;

interface TimelineProps {
  readonly report: ReportDocument;
  readonly run: ReportedRun;
  readonly select: (task: string) => void;
}

/** A lane and where its rows of attempts begin. */
interface Placed {
  readonly lane: Lane;
  readonly life: ReportedAgent | undefined;
  readonly top: number;
  readonly rows: number;
}

function placed(lanes: readonly Lane[], agents: readonly ReportedAgent[]): readonly [readonly Placed[], number] {
  const lives = new Map(agents.map((agent) => [agent.agent, agent]));
  let height = 0;
  const found = lanes.map((lane) => {
    const top = height;
    height += HEAD + LIFE + lane.rows * ROW + LANE_GAP;
    return { lane, life: lives.get(lane.agent), top, rows: top + HEAD + LIFE };
  });
  return [found, height];
}

/** Who did what when: each agent's attempts with their waits, and above them its life. */
export function Timeline({ report, run, select }: TimelineProps) {
  const [zoom, setZoom] = useState<number>(1);
  const from = msOf(run.opened.at);
  const to = Math.max(from + 1, run.closed === undefined ? Date.parse(report.made_at) : msOf(run.closed.at));
  const lanes = useMemo(() => lanesOf(run, to), [run, to]);
  const [places, height] = placed(lanes, report.agents);
  const width = WIDTH * zoom;
  const x = (ms: number) => ((Math.min(Math.max(ms, from), to) - from) / (to - from)) * width;
  const click = ({ offsetX, offsetY }: MouseEvent) => {
    const place = places.find(({ lane, rows }) => offsetY >= rows && offsetY < rows + lane.rows * ROW);
    const row = Math.floor((offsetY - (place?.rows ?? 0)) / ROW);
    const span = place?.lane.spans.find((one) => one.row === row && x(one.from) <= offsetX && offsetX <= x(one.to) + 1);
    if (span !== undefined) select(span.task);
  };
  const attempts = lanes.reduce((sum, { spans }) => sum + spans.length, 0);
  return (
    <figure class="timeline">
      <figcaption>
        {lasting(to - from)} from the opening to {run.closed === undefined ? 'this report' : 'the end'}{' '}
        <label>
          Stretch{' '}
          <select value={zoom} onChange={(event) => setZoom(Number(event.currentTarget.value))}>
            {ZOOMS.map((step) => (
              <option key={step} value={step}>
                {step}×
              </option>
            ))}
          </select>
        </label>
      </figcaption>
      <ul class="legend" aria-label="Legend">
        <li class="p-waiting">waits</li>
        <li class="p-working">works</li>
        <li class="p-judged">is judged</li>
        <li class="e-accepted">accepted</li>
        <li class="e-rejected">rejected</li>
        <li class="e-lost">lost</li>
      </ul>
      <Scroll kind="scroll" label="Time line">
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list of tasks leads to the same by keyboard */}
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${attempts} attempts of ${lanes.length} agents; each is described at its task`}
          onClick={click}
        >
          {places.map((place) => (
            <LaneRows key={place.lane.agent} place={place} x={x} />
          ))}
        </svg>
      </Scroll>
    </figure>
  );
}

/** One agent's: a shape for all of a kind, so that thousands of attempts are a handful of elements. */
function LaneRows({ place, x }: { readonly place: Placed; readonly x: (ms: number) => number }) {
  const { lane, life, top, rows } = place;
  const history = life?.history ?? [];
  const bar = (from: number, to: number, { row }: Span) =>
    `M${from.toFixed(1)} ${rows + row * ROW}h${Math.max(1, to - from).toFixed(1)}v${BAR}H${from.toFixed(1)}z`;
  const phases = (kind: (typeof PHASES)[number]) =>
    lane.spans.flatMap((span) =>
      span.phases.filter((phase) => phase.kind === kind).map(({ from, to }) => bar(x(from), x(to), span)),
    );
  const ends = (kind: (typeof ENDS)[number]) =>
    lane.spans
      .filter(({ end }) => end === kind)
      .map((span) => bar(Math.max(x(span.from), x(span.to) - 3), x(span.to), span));
  return (
    <g>
      <text class="lane" x={2} y={top + 14}>
        {lane.agent}
      </text>
      {history.map(({ life: kind, place: { at }, reason }, index) => {
        const start = x(msOf(at));
        const next = history[index + 1];
        const end = x(next === undefined ? Number.POSITIVE_INFINITY : msOf(next.place.at));
        return (
          <rect key={at} class={`life l-${kind}`} x={start} y={top + HEAD} width={Math.max(1, end - start)} height={4}>
            <title>{printable(`${kind}${reason === undefined ? '' : `: ${reason}`}`)}</title>
          </rect>
        );
      })}
      {PHASES.map((kind) => (
        <path key={kind} class={`p-${kind}`} d={phases(kind).join('')} />
      ))}
      {ENDS.map((kind) => (
        <path key={kind} class={`e-${kind}`} d={ends(kind).join('')} />
      ))}
    </g>
  );
}
