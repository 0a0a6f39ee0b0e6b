/** A panel as the dashboard means it; `layout` gives it Grafana's form, place and number. */
export interface PanelSpec {
  title: string;
  kind: 'stat' | 'timeseries' | 'table' | 'bargauge';
  /** Of the 24 columns. */
  width: number;
  /** Of a panel with one query. */
  expr?: string;
  targets?: { expr: string; legend: string }[];
  legend?: string;
  /** Grafana's name of a unit. */
  unit?: string;
  description?: string;
  /** Values beyond these are shown in their colour, and as a line in a time series. */
  limits?: { value: number; bound: 'max' | 'min'; color: string }[] | undefined;
  /** Of a table: labels to show. */
  columns?: string[];
  /** Of a stat: the series' name in place of its value. */
  text?: 'name';
  overrides?: object[];
}

export interface Row {
  title: string;
  panels: PanelSpec[];
}

const COLUMNS = 24;
const HEIGHT = 8;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

/** Returns Grafana's panels: a heading a row, its panels from left to right below it. */
export function layout(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    const gridPos = { h: 1, w: COLUMNS, x: 0, y };
    panels.push({ id: panels.length + 1, type: 'row', title: row.title, collapsed: false, panels: [], gridPos });
    y += 1;
    let x = 0;
    for (const spec of row.panels) {
      if (x + spec.width > COLUMNS) [x, y] = [0, y + HEIGHT];
      panels.push({ id: panels.length + 1, ...panel(spec), gridPos: { h: HEIGHT, w: spec.width, x, y } });
      x += spec.width;
    }
    y += HEIGHT;
  }
  return panels;
}

/** Returns the colour of the series whose names match a pattern. */
export function mapped(pattern: string, color: string): object {
  const value = { mode: 'fixed', fixedColor: color };
  return { matcher: { id: 'byRegexp', options: pattern }, properties: [{ id: 'color', value }] };
}

function panel(spec: PanelSpec): object {
  const { title, kind, expr, legend = '', unit, description, limits = [], columns, overrides = [] } = spec;
  const queries = spec.targets ?? [{ expr: expr ?? '', legend }];
  const isInstant = kind !== 'timeseries';
  const steps = thresholdSteps(limits);
  const thresholdsStyle = { mode: steps.length > 1 ? 'line' : 'off' };
  return {
    title, type: kind, datasource: DATASOURCE, ...(description === undefined ? {} : { description }),
    targets: queries.map((query, index) => ({
      refId: String.fromCharCode(65 + index), datasource: DATASOURCE, expr: query.expr, legendFormat: query.legend,
      instant: isInstant, range: !isInstant, ...(kind === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: {
      defaults: {
        ...(unit === undefined ? {} : { unit }),
        // Without data it says so: nothing may look like 0.
        noValue: 'no data',
        thresholds: { mode: 'absolute', steps },
        ...(isInstant ? {} : { custom: { lineWidth: 1, fillOpacity: 5, thresholdsStyle } }),
        color: { mode: isInstant ? 'thresholds' : 'palette-classic' },
      },
      overrides,
    },
    options: options(spec),
    ...(columns === undefined ? {} : { transformations: [{ id: 'organize', options: only(columns) }] }),
  };
}

function options({ kind, text }: PanelSpec): object {
  if (kind === 'timeseries') {
    const legend = { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] };
    return { legend, tooltip: { mode: 'multi' } };
  }
  if (kind === 'table') return { showHeader: true };
  const reduce = { reduceOptions: { calcs: ['lastNotNull'] } };
  if (kind === 'stat') return { ...reduce, textMode: text ?? 'value_and_name', colorMode: 'value' };
  return { ...reduce, orientation: 'horizontal', displayMode: 'gradient' };
}

/** Grafana colours upwards from a value: below a lower limit is bad, so the colour stands at the bottom there. */
function thresholdSteps(limits: NonNullable<PanelSpec['limits']>): { color: string; value: number | null }[] {
  const least = limits.filter(({ bound }) => bound === 'min').sort((a, b) => a.value - b.value);
  const most = limits.filter(({ bound }) => bound === 'max').sort((a, b) => a.value - b.value);
  const rising = least.map(({ value }, index) => ({ color: least[index + 1]?.color ?? 'green', value }));
  const bottom = { color: least[0]?.color ?? 'green', value: null };
  return [bottom, ...rising, ...most.map(({ value, color }) => ({ color, value }))];
}

/** A table of these labels alone, in this order. */
function only(columns: readonly string[]): object {
  const hidden = ['Time', 'Value', '__name__', 'job', 'instance', 'metric', 'exported_job', 'exported_instance'];
  return {
    excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
    indexByName: Object.fromEntries(columns.map((name, index) => [name, index])),
  };
}
