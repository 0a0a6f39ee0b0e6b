import type { Gate, Slo } from '../model/index.ts';
import { exact, harmless } from './text.ts';

/** One row: what a gate of slo.yml asks for. */
interface Target {
  gate: Gate;
  /** What is measured. */
  what: string;
  section: SectionName;
}

type SectionName = 'service levels' | 'endpoints' | 'resources' | 'resilience' | 'perceived' | 'cost';
type Column = (target: Target) => string;

interface Section {
  name: SectionName;
  heading: string;
  about: string;
  columns: [heading: string, cell: Column][];
}

const limitOf: Column = ({ gate }) => {
  const stat = 'stat' in gate ? `${gate.stat} ` : '';
  return plain('max' in gate ? `${stat}≤ ${exact(gate.max, gate.unit)}` : `${stat}≥ ${exact(gate.min, gate.unit)}`);
};
const judgedIn: Column = ({ gate }) => plain((gate.profiles ?? ['every profile']).join(', '));
const sourceOf: Column = ({ gate }) => plain(gate.source);
const idOf: Column = ({ gate }) => code(gate.id);
const whatOf: Column = ({ what }) => plain(what);
const COMMON: Section['columns'] = [
  ['Judged in', judgedIn],
  ['Source', sourceOf],
  ['Gate', idOf],
];

/** The frame of the page: Task 85's sections, with perf-6's policy before them. Only headings are typed by hand. */
const SECTIONS: readonly Section[] = [
  {
    name: 'service levels',
    heading: 'Service level objectives',
    about: 'Over all requests and users: what is promised outside, and the tighter targets inside.',
    columns: [['Level', ({ gate }) => levelOf(gate.source)], ['Objective', whatOf], ['Limit', limitOf], ...COMMON],
  },
  {
    name: 'endpoints',
    heading: 'Latency targets by endpoint',
    about: 'From when a request was due to its last byte; where browsers sent it, as their network stack timed it.',
    columns: [
      ['Endpoint group', ({ what }) => groupOf(what)],
      ['Critical endpoint', ({ what }) => code(what)],
      ['SLO', limitOf],
      ['Sent by', ({ gate }) => (gate.metric === 'api_latency' ? 'API lane' : 'browsers')],
      ['Test scenario', ({ gate }) => scenarioOf(gate.source)],
      ...COMMON,
    ],
  },
  {
    name: 'resources',
    heading: 'Resource utilisation limits',
    about: 'Figures of the platform itself while it is under load, and errors.',
    columns: [['Resource', whatOf], ['Limit', limitOf], ...COMMON],
  },
  {
    name: 'resilience',
    heading: 'Resilience',
    about: 'How much more it bears, how soon it is itself again, and what long running does to it.',
    columns: [['Property', whatOf], ['Limit', limitOf], ...COMMON],
  },
  {
    name: 'perceived',
    heading: 'What users perceive',
    about: 'Timed in the page, from the user’s click to the paint of what they wait for.',
    columns: [['Step', whatOf], ['Limit', limitOf], ...COMMON],
  },
  { name: 'cost', heading: 'Cost', about: '', columns: [['Cost', whatOf], ['Limit', limitOf], ...COMMON] },
];

/** Returns documentation/performance_targets.md for a slo.yml: every gate in it, once, and nothing else. */
export function performanceTargets(slo: Slo): string {
  const targets = slo.gates.map((gate) => targetOf(gate, slo));
  const sections = SECTIONS.map((section) => ({
    section,
    rows: targets.filter((one) => one.section === section.name),
  }));
  const confidence = exact(slo.confidence * 100, '%');
  const warmUp =
    slo.warm_up_phases.length === 0 ? '' : ` Latency in the phases "${slo.warm_up_phases.join('", "')}" is not judged.`;
  return [
    '# Performance and scalability targets',
    '',
    'Generated from `slo.yml` by `npm run targets`: change a limit there, not here. [slo.md](slo.md) says how each is',
    'computed.',
    `A target is met when the whole ${confidence} interval of the figure keeps its limit.${warmUp}`,
    '',
    ...sections
      .filter(({ rows }) => rows.length > 0)
      .flatMap(({ section, rows }, index) => [
        `## ${index + 1}. ${section.heading}`,
        '',
        ...(section.about === '' ? [] : [section.about, '']),
        `| ${section.columns.map(([heading]) => heading).join(' | ')} |`,
        `| ${section.columns.map(() => ':---').join(' | ')} |`,
        ...rows.map((row) => `| ${section.columns.map(([, cell]) => cell(row)).join(' | ')} |`),
        '',
      ]),
  ].join('\n');
}

/** One entry a kind of gate; the compiler misses none. */
function targetOf(gate: Gate, { kpis }: Slo): Target {
  const of = (section: SectionName, what: string): Target => ({ gate, section, what });
  switch (gate.metric) {
    case 'api_latency':
      return gate.route === 'all' ? of('service levels', 'all API requests') : of('endpoints', gate.route);
    case 'request_latency': {
      const group = { api: 'API requests of browsers', document: 'pages' }[gate.route];
      return group === undefined ? of('endpoints', gate.route) : of('service levels', group);
    }
    case 'api_error_rate':
      return of(errorsSection(gate), `errors of ${gate.route ?? 'all API requests'}`);
    case 'request_error_rate':
      return of(errorsSection(gate), `errors of ${gate.route ?? 'all requests of browsers'}`);
    case 'rate_limited':
      return of(errorsSection(gate), 'requests refused with status 429, of browsers and the API lane');
    case 'journey_error_rate':
      return of(errorsSection(gate), `failed users of ${gate.journey ?? 'all journeys'}`);
    case 'api_throughput':
      return of(
        'service levels',
        `share of the target rate answered${gate.scenario === undefined ? '' : `, ${gate.scenario}`}`,
      );
    case 'kpi': {
      const title = kpis.find((kpi) => kpi.id === gate.kpi)?.title ?? gate.kpi;
      return of(levelOf(gate.source) === EXTERNAL ? 'service levels' : 'resources', gate.title ?? title);
    }
    case 'kpi_growth': {
      const title = kpis.find((kpi) => kpi.id === gate.kpi)?.title ?? gate.kpi;
      return of('resilience', gate.title ?? `${title}: growth an hour`);
    }
    case 'capacity_headroom':
      return of('resilience', 'sustained rate over the expected peak');
    case 'recovery_time':
      return of('resilience', 'time after a spike until P95 is back');
    case 'latency_drift':
      return of('resilience', `drift over the whole run, ${gate.route ?? 'all API requests'}`);
    case 'perceived_latency':
      return of('perceived', `${gate.journey} › ${gate.step}`);
    case 'vital':
      return of('perceived', `${gate.vital}, ${gate.page ?? 'all pages'}`);
    case 'agent_completion':
      return of('perceived', 'agent task complete');
    case 'agent_first_progress':
      return of('perceived', 'agent’s first progress');
    case 'agent_success_rate':
      return of('perceived', 'agent tasks done');
    case 'cold_start_incidence':
      return of('perceived', `cold starts of ${gate.service}`);
    case 'cold_start_penalty':
      return of('perceived', `longest cold start of ${gate.service}`);
    case 'integrity':
      return of('service levels', `payments: ${gate.breach.replaceAll('_', ' ')}`);
    case 'drill':
      return of('resilience', `drill ${gate.drill}: ${gate.journey ?? gate.expect}`);
    case 'replay_latency':
      return of('perceived', `replayed search traffic: answer to a ${gate.by}, ${replayed(gate)}`);
    case 'replay_generation':
      return of('resources', `replayed search traffic: a page made, ${replayed(gate)}`);
    case 'replay_cache_hits':
      return of('resources', `replayed search traffic: from the cache, ${replayed(gate)}`);
    case 'replay_error_rate':
      return of(errorsSection(gate), `replayed search traffic: errors, ${replayed(gate)}`);
    case 'cost':
      return of('cost', `a ${gate.per}`);
  }
}

function replayed({ group, by }: { group: string; by?: string | undefined }): string {
  const pages = group === 'all' || group === 'hot' || group === 'tail' ? `${group} pages` : `pages asked for ${group}`;
  return `${group === 'revisit' ? 'revisits' : pages}${by === undefined ? '' : ` (${by})`}`;
}

const EXTERNAL = 'external SLO';

/** Whose level a target is, by the words of its source. */
function levelOf(source: string): string {
  if (/external SLO/i.test(source)) return EXTERNAL;
  if (source.includes('perf-6')) return 'internal target';
  return source.includes('Task 85') ? 'load test' : 'own decision';
}

/** Task 85 lists its error rate among the limits of resources; perf-6 among the service levels. */
function errorsSection({ source }: Gate): SectionName {
  return levelOf(source) === 'load test' ? 'resources' : 'service levels';
}

/** Task 85's groups, by what a route is about. */
const GROUPS: readonly [RegExp, string][] = [
  [/\/(?:creators|search)\b/, 'Discovery/Search'],
  [/\/payments\//, 'Critical Financial'],
  [/^GET .*\/auth\//, 'Auth Read'],
  [/\/auth\//, 'Auth Write'],
  [/^GET .*\/projects/, 'Project Read'],
  [/\/projects/, 'Project Write'],
];

function groupOf(route: string): string {
  return GROUPS.find(([pattern]) => pattern.test(route))?.[1] ?? 'Other';
}

/** Returns Task 85's scenarios that a source names: `S_01, A`. */
function scenarioOf(source: string): string {
  const named = [...source.matchAll(/\b(S_\d\d)\b|\bscenario ([A-Z])\b/g)].map(
    ([, file, table]) => file ?? table ?? '',
  );
  return named.length === 0 ? '–' : [...new Set(named)].join(', ');
}

/** Text in a cell as code: nothing in it is markup, but a bar would end the cell. */
function code(text: string): string {
  return `\`${harmless(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

/** Text in a cell: nothing in it is markup. */
function plain(text: string): string {
  return harmless(text).replace(/[\\|<>*[\]`]/g, (sign) => `\\${sign}`);
}
