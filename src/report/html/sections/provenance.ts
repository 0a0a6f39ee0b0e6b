import type { RunRecord } from '../../../model/index.ts';
import { parityParts } from '../../guards.ts';
import { count, exact } from '../../text.ts';
import { bytesText, dateText, intervalText, lasting, scopeText, valueText } from '../figures.ts';
import { html } from '../markup.ts';
import type { Part } from '../markup.ts';
import { details, table, terms } from '../table.ts';
import { fileLink } from '../view.ts';
import type { Section, View } from '../view.ts';

const SHORT_HASH = 12;
const number = { number: true } as const;

/** Returns what the run was made with and from, down to the hash of every file it was judged by. */
export function provenanceSection({ record, runPath }: View): Section {
  const { plan, provenance, totals } = record;
  const files = provenance.observationFiles.map(({ name, lines, sha256 }) => [fileLink(name), count(lines), html`<code>${sha256}</code>`]);
  const journeys = plan.journeys.filter(({ weight }) => weight > 0).map(({ name, weight }) => `${name} (${weight})`);
  return {
    id: 'provenance', title: 'Environment and provenance', lead: leadOf(record),
    body: html`${terms([
      ['run', html`<code>${plan.runId}</code>`],
      ['started', dateText(plan.startedAtEpochMs)],
      ['lasted', lasting(totals.durationMs)],
      ['target', `${plan.target.url}${plan.target.embedded ? ' (bundled platform)' : ''}`],
      ...hostRows(record),
      ...(plan.parity ? [['its environment', parityParts(record).join(', ')] satisfies [string, Part]] : []),
      ['script and profile', `${plan.script}, ${plan.profile}`],
      ['journeys (weight)', journeys.length === 0 ? 'none' : journeys.join(', ')],
      ...machine(record),
      ['judged by', `harness ${provenance.harnessVersion}, intervals at ${Number((100 * plan.confidence).toFixed(2))} %`],
      ['seed', String(plan.seed)],
      ...removedRows(record),
      ['hash of script, profile and slo.yml', html`<code>${plan.sourceHash}</code>`],
      ['judge it again', html`<code>npm run judge -- ${runPath}</code>`],
    ])}
${table('Files that this verdict rests on', [{ title: 'file' }, { title: 'lines', ...number }, { title: 'SHA-256' }], files, true)}
<p class="small muted">Beside them: ${fileLink('plan.json')}, ${fileLink('record.json')} (all figures, for machines),
${fileLink('verdict.txt')}.</p>`,
  };
}

function leadOf({ plan, environment, provenance }: RunRecord): string {
  const commit = environment?.commit?.slice(0, SHORT_HASH) ?? 'unknown';
  const where = environment === null ? 'machine unknown' : `${environment.cpuModel}, ${environment.cores} cores`;
  return `Run ${plan.runId} · ${where} · harness ${provenance.harnessVersion}, commit ${commit} · plan ${plan.sourceHash.slice(0, SHORT_HASH)}`;
}

/** Where browsers could go beside the target's own host, and what they were kept from. */
function hostRows({ plan, blocked = [] }: RunRecord): [string, Part][] {
  const open = plan.browserHosts ?? [];
  const kept = blocked.map(({ host, requests }) => `${host} (${count(requests)})`);
  return [
    ...(open.length === 0 ? [] : [['hosts that browsers could ask', open.join(', ')] satisfies [string, Part]]),
    ...(kept.length === 0 ? [] : [['requests that did not leave browsers', kept.join(', ')] satisfies [string, Part]]),
  ];
}

/** What the run made on its target, kind by kind, and what of it is left. */
function removedRows({ teardown }: RunRecord): [string, Part][] {
  if (teardown === undefined || teardown.before === null) return [];
  const { before, after } = teardown;
  const kinds = Object.entries(before).filter(([name, rows]) => rows > 0 || (after?.[name] ?? 0) > 0);
  const text = kinds.map(([name, rows]) => `${name} ${count(rows)}${after === null ? ' (left: unknown)' : (after[name] ?? 0) > 0 ? ` (left: ${count(after[name] ?? 0)})` : ''}`);
  return [['removed from the target', text.length === 0 ? 'nothing was there' : text.join(', ')]];
}

function machine({ environment }: RunRecord): [string, Part][] {
  if (environment === null) return [['machine', 'unknown: environment.json was not written']];
  const { cpuModel, cores, memoryBytes, memoryLimitBytes, browser, commit, os, crowdPriority } = environment;
  const limit = memoryLimitBytes === null ? '' : ` (limit ${bytesText(memoryLimitBytes)})`;
  const versions = [
    `harness ${environment.harnessVersion}`, `Node ${environment.nodeVersion}`, `Artillery ${environment.artilleryVersion}`,
    `Playwright ${environment.playwrightVersion}`,
  ];
  return [
    ['machine', `${cpuModel}, ${cores} cores, ${bytesText(memoryBytes)}${limit}`],
    ['system', os],
    ['browser', `${browser.name} ${browser.version} (${browser.source})`],
    ['versions', versions.join(', ')],
    ['commit', commit === null ? 'unknown: not run from a git work tree' : html`<code>${commit}</code>`],
    ['crowd’s priority', crowdPriority],
  ];
}

/** Returns every figure of the record, and every threshold with its source. */
export function figuresSection({ record }: View): Section {
  const findings = record.findings.map(({ metric, scope, stat, value, interval, unit, n, censored, window }) => [
    metric.replaceAll('_', ' '), scopeText(scope), stat, valueText(value, unit), intervalText(interval, unit), count(n), count(censored), window,
  ]);
  const limits = record.plan.gates.map((gate) => {
    const limit = 'max' in gate ? `≤ ${exact(gate.max, gate.unit)}` : `≥ ${exact(gate.min, gate.unit)}`;
    return [gate.id, gate.metric.replaceAll('_', ' '), limit, gate.source];
  });
  const all = table('All statistics of the run', [
    { title: 'metric' }, { title: 'of' }, { title: 'statistic' }, { title: 'value', ...number }, { title: 'interval' },
    { title: 'n', ...number }, { title: 'beyond deadline', ...number }, { title: 'taken from' },
  ], findings);
  const sources = table('Limits', [{ title: 'gate' }, { title: 'metric' }, { title: 'limit' }, { title: 'source' }], limits);
  return {
    id: 'figures', title: 'All figures', lead: `${count(findings.length)} statistics, ${count(limits.length)} limits.`,
    body: html`${details(`All ${count(findings.length)} statistics`, all)}
${details(`All ${count(limits.length)} limits and where they come from`, sources)}`,
  };
}
