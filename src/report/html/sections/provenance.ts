import { count, exact } from '../../text.ts';
import { bytesText, dateText, intervalText, lasting, scopeText, valueText } from '../figures.ts';
import { html } from '../markup.ts';
import type { Part } from '../markup.ts';
import { details, table, terms } from '../table.ts';
import { fileLink } from '../view.ts';
import type { Section, View } from '../view.ts';

const SHORT_HASH = 12;

/** Returns what the run was made with and from, down to the hash of every file it was judged by. */
export function provenanceSection({ record, runPath }: View): Section {
  const { plan, environment, provenance, totals } = record;
  const unknown = 'unknown: environment.json was not written';
  const machine: [string, Part][] = environment === null ? [['machine', unknown]] : [
    ['machine', `${environment.cpuModel}, ${environment.cores} cores, ${bytesText(environment.memoryBytes)}${environment.memoryLimitBytes === null ? '' : ` (limit ${bytesText(environment.memoryLimitBytes)})`}`],
    ['system', environment.os],
    ['browser', `${environment.browser.name} ${environment.browser.version} (${environment.browser.source})`],
    ['versions', `harness ${environment.harnessVersion}, Node ${environment.nodeVersion}, Artillery ${environment.artilleryVersion}, Playwright ${environment.playwrightVersion}`],
    ['commit', environment.commit === null ? 'unknown: not run from a git work tree' : html`<code>${environment.commit}</code>`],
    ['crowd’s priority', environment.crowdPriority],
  ];
  return {
    id: 'provenance', title: 'Environment and provenance',
    lead: `Run ${plan.runId} · ${environment === null ? 'machine unknown' : `${environment.cpuModel}, ${environment.cores} cores`} · harness ${provenance.harnessVersion}, commit ${environment?.commit?.slice(0, SHORT_HASH) ?? 'unknown'} · plan ${plan.sourceHash.slice(0, SHORT_HASH)}`,
    body: html`${terms([
      ['run', html`<code>${plan.runId}</code>`],
      ['started', dateText(plan.startedAtEpochMs)],
      ['lasted', lasting(totals.durationMs)],
      ['target', `${plan.target.url}${plan.target.embedded ? ' (bundled platform)' : ''}`],
      ['script and profile', `${plan.script}, ${plan.profile}`],
      ['journeys', plan.journeys.filter(({ weight }) => weight > 0).map(({ name, weight }) => `${name} (${weight})`).join(', ')],
      ...machine,
      ['judged by', `harness ${provenance.harnessVersion}, intervals at ${Number((100 * plan.confidence).toFixed(2))} %`],
      ['seed', String(plan.seed)],
      ['hash of script, profile and slo.yml', html`<code class="hash">${plan.sourceHash}</code>`],
      ['judge it again', html`<code>npm run judge -- ${runPath}</code>`],
    ])}
${table('Files that this verdict rests on', [{ title: 'file' }, { title: 'lines', number: true }, { title: 'SHA-256' }],
  provenance.observationFiles.map(({ name, lines, sha256 }) => [fileLink(name), count(lines), html`<code class="hash">${sha256}</code>`]), true)}
<p class="small muted">Beside them: ${fileLink('plan.json')}, ${fileLink('record.json')} (all figures, for machines), ${fileLink('verdict.txt')}.</p>`,
  };
}

/** Returns every figure of the record, and every threshold with its source. */
export function figuresSection({ record }: View): Section {
  const number = { number: true } as const;
  const findings = record.findings.map(({ metric, scope, stat, value, interval, unit, n, censored, window }) =>
    [metric.replaceAll('_', ' '), scopeText(scope), stat, valueText(value, unit), intervalText(interval, unit), count(n), count(censored), window]);
  const limits = record.plan.gates.map((gate) => [
    gate.id, gate.metric.replaceAll('_', ' '), 'max' in gate ? `≤ ${exact(gate.max, gate.unit)}` : `≥ ${exact(gate.min, gate.unit)}`, gate.source,
  ]);
  return {
    id: 'figures', title: 'All figures', lead: `${count(findings.length)} statistics, ${count(limits.length)} limits.`,
    body: html`${details(`All ${count(findings.length)} statistics`, table('All statistics of the run', [
      { title: 'metric' }, { title: 'of' }, { title: 'statistic' }, { title: 'value', ...number }, { title: 'interval' }, { title: 'n', ...number },
      { title: 'beyond deadline', ...number }, { title: 'taken from' },
    ], findings))}
${details(`All ${count(limits.length)} limits and where they come from`, table('Limits', [{ title: 'gate' }, { title: 'metric' }, { title: 'limit' }, { title: 'source' }], limits))}`,
  };
}
