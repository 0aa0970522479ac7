import { printable } from '@gatepost/shared/vocabulary/printable';
import { Component } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ReportedRun, ReportedTask } from '../report.js';
import { STATUSES } from '../words.js';
import { type Cell, type GraphLayout, isLaidOutAs, layoutOf, withTasks } from './layout.js';
import { neighbourOf } from './neighbour.js';

const ZOOMS = [0.25, 0.5, 0.75, 1, 1.5, 2] as const;
/** Letters of a name that fit into a cell. */
const MAX_LETTERS = 19;

interface TaskGraphProps {
  readonly run: ReportedRun;
  readonly selected: string | undefined;
  readonly select: (task: string) => void;
  /** Whether a task is among those that are looked for; the others are faint. */
  readonly wanted: (task: ReportedTask) => boolean;
}

/** The tasks of a run in their order, coloured by state; arrow keys go from one to the next. */
export function TaskGraph({ run, selected, select, wanted }: TaskGraphProps) {
  const layout = useLayout(run);
  const [zoom, setZoom] = useState(1);
  const area = useRef<HTMLDivElement>(null);
  const cells = useMemo(() => new Map(layout.cells.map((cell) => [cell.task.id, cell])), [layout]);
  const current = selected === undefined ? undefined : cells.get(selected);
  useEffect(() => {
    if (current !== undefined && area.current !== null) reveal(area.current, current, zoom);
    // Where it is drawn says whether it moved; that its state changed must not scroll the graph.
  }, [current?.x, current?.y, selected, zoom]);
  const fit = () => setZoom(fitting(layout, area.current));
  const press = (event: KeyboardEvent) => {
    const next = neighbourOf(layout.cells, current, event.key);
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey || event.key === 'Tab') return;
    event.preventDefault();
    select(next.task.id);
  };
  const click = (event: MouseEvent) => {
    const cell = event.target instanceof Element ? event.target.closest('[data-cell]') : null;
    const task = layout.cells[Number(cell?.getAttribute('data-cell') ?? -1)]?.task;
    if (task !== undefined) select(task.id);
  };
  const index = current === undefined ? -1 : layout.cells.indexOf(current);
  return (
    <>
      <fieldset class="zoom">
        <legend class="hidden">Size of the graph</legend>
        <button
          type="button"
          aria-label="smaller"
          onClick={() => setZoom(ZOOMS.findLast((step) => step < zoom) ?? zoom)}
        >
          −
        </button>
        <button type="button" aria-label="larger" onClick={() => setZoom(ZOOMS.find((step) => step > zoom) ?? zoom)}>
          +
        </button>
        <button type="button" onClick={fit}>
          fit
        </button>
        <span class="quiet">{Math.round(zoom * 100)} %</span>
      </fieldset>
      <div
        ref={area}
        class="graph"
        role="listbox"
        aria-label="Graph of the tasks; arrow keys go to the neighbours"
        aria-activedescendant={index < 0 ? undefined : `cell-${index}`}
        tabIndex={0}
        onKeyDown={press}
        onClick={click}
      >
        <svg
          role="presentation"
          width={Math.ceil(layout.width * zoom)}
          height={Math.ceil(layout.height * zoom)}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
        >
          <Drawing layout={layout} wanted={wanted} selected={selected} />
          {current !== undefined && <Selection current={current} cells={cells} run={run} />}
        </svg>
      </div>
    </>
  );
}

/** Lays out a run once; what changes later changes colours. */
function useLayout(run: ReportedRun): GraphLayout {
  const last = useRef<{ readonly run: ReportedRun; readonly layout: GraphLayout } | undefined>(undefined);
  return useMemo(() => {
    const known = last.current;
    const layout = known !== undefined && isLaidOutAs(known.run, run) ? withTasks(known.layout, run) : layoutOf(run);
    last.current = { run, layout };
    return layout;
  }, [run]);
}

function fitting({ width, height }: GraphLayout, area: HTMLElement | null): number {
  if (area === null || width === 0) return 1;
  return Math.max(0.1, Math.min(1, (area.clientWidth - 4) / width, Math.max(area.clientHeight, 300) / height));
}

/** Scrolls within the graph alone, never the page. */
function reveal(area: HTMLElement, { x, y, width, height }: Cell, zoom: number): void {
  const inside = (from: number, size: number, shown: number, start: number): number => {
    if (start < from) return Math.max(0, start - 20);
    const end = start + size;
    return end > from + shown ? end - shown + 20 : from;
  };
  area.scrollLeft = inside(area.scrollLeft, width * zoom, area.clientWidth, x * zoom);
  area.scrollTop = inside(area.scrollTop, height * zoom, area.clientHeight, y * zoom);
}

interface DrawingProps {
  readonly layout: GraphLayout;
  readonly wanted: (task: ReportedTask) => boolean;
  readonly selected: string | undefined;
}

/** Everything that does not change with the selection but one mark, drawn once. */
class Drawing extends Component<DrawingProps> {
  override shouldComponentUpdate(next: Readonly<DrawingProps>): boolean {
    const { layout, wanted, selected } = this.props;
    if (next.layout !== layout || next.wanted !== wanted) return true;
    if (next.selected !== selected) this.#mark(next.selected);
    return false;
  }

  /** Says which one is selected without drawing thousands again. */
  #mark(selected: string | undefined): void {
    const { cells } = this.props.layout;
    for (const [task, value] of [
      [this.#marked, 'false'],
      [selected, 'true'],
    ] as const) {
      const index = cells.findIndex((cell) => cell.task.id === task);
      if (index >= 0) document.getElementById(`cell-${index}`)?.setAttribute('aria-selected', value);
    }
    this.#marked = selected;
  }

  #marked = this.props.selected;

  render({ layout, wanted, selected }: DrawingProps) {
    this.#marked = selected;
    return (
      <>
        {layout.lines.map((line, index) => (
          <path key={index} class="edge" d={pathOf(line)} />
        ))}
        {layout.frames.map(({ x, y, width, height, caption, count }, index) => (
          <g key={index}>
            <rect class="frame" x={x} y={y} width={width} height={height} rx={6} />
            <text class="caption" x={x + 6} y={y + 13}>
              {shortened(caption, Math.max(5, Math.floor(width / 7) - 5))} {count}
            </text>
          </g>
        ))}
        {layout.cells.map((cell, index) => (
          <TaskCell
            key={cell.task.id}
            index={index}
            cell={cell}
            named={layout.named}
            faint={!wanted(cell.task)}
            selected={cell.task.id === selected}
          />
        ))}
      </>
    );
  }
}

interface TaskCellProps {
  readonly index: number;
  readonly cell: Cell;
  readonly named: boolean;
  readonly faint: boolean;
  readonly selected: boolean;
}

function TaskCell({ index, cell: { task, x, y, width, height }, named, faint, selected }: TaskCellProps) {
  const { mark, word } = STATUSES[task.status];
  const name = printable(task.id);
  return (
    <g
      role="option"
      id={`cell-${index}`}
      data-cell={index}
      aria-selected={selected}
      aria-label={`${name}, ${word}`}
      class={`cell s-${task.status}${faint ? ' faint' : ''}`}
    >
      <rect x={x} y={y} width={width} height={height} rx={4} />
      <text x={named ? x + 8 : x + width / 2} y={y + height / 2} class={named ? 'name' : 'mark'}>
        {named ? `${mark} ${shortened(name, MAX_LETTERS)}` : mark}
      </text>
    </g>
  );
}

/** The selected task, what it waits for and what waits for it. */
function Selection({
  current,
  cells,
  run,
}: {
  readonly current: Cell;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly run: ReportedRun;
}) {
  const { id, depends_on } = current.task;
  const before = depends_on.flatMap((name) => cells.get(name) ?? []);
  const behind = run.tasks.filter((task) => task.depends_on.includes(id)).flatMap((task) => cells.get(task.id) ?? []);
  return (
    <g class="selection">
      {[...before.map((cell) => [cell, current] as const), ...behind.map((cell) => [current, cell] as const)].map(
        ([from, to]) => (
          <line
            key={`${from.task.id} ${to.task.id}`}
            x1={from.x + from.width}
            y1={from.y + from.height / 2}
            x2={to.x}
            y2={to.y + to.height / 2}
          />
        ),
      )}
      <rect x={current.x - 3} y={current.y - 3} width={current.width + 6} height={current.height + 6} rx={6} />
    </g>
  );
}

const shortened = (text: string, letters: number): string =>
  [...text].length > letters ? `${[...text].slice(0, letters - 1).join('')}…` : text;

/** A line through its corners, rounded. */
function pathOf(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const pieces = rest.map((point, index) => {
    const next = rest[index + 1];
    if (next === undefined) return `L${point.x} ${point.y}`;
    return `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return `M${first.x} ${first.y}${pieces.join('')}`;
}
