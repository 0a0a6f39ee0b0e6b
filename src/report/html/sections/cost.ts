import { withUnit } from '../../text.ts';
import { list } from '../figure.ts';
import { findingOf } from '../figures.ts';
import { html } from '../markup.ts';
import { terms } from '../table.ts';
import type { Section, View } from '../view.ts';

/** Returns what the run cost, and what its parts did. */
export function costSection({ record }: View): Section {
  const rules = record.plan.cost;
  const id = 'cost';
  const title = 'Cost';
  const run = findingOf(record, 'cost', 'total', { per: 'run' });
  if (run?.value == null) {
    const why = rules === undefined ? 'slo.yml gives no prices ("cost")' : 'the run recorded nothing that could be priced';
    return { id, title, lead: `No data: ${why}.`, body: html`` };
  }
  const ceiling = rules === undefined ? '' : `, with a ceiling of ${withUnit(rules.ceiling, rules.currency)}`;
  const found = record.findings.filter(({ metric }) => metric === 'cost').map(({ scope, value, unit }) =>
    [name(scope), value === null ? 'no data' : withUnit(value, unit)] as const);
  const gate = record.verdict.gates.find(({ metric, evidence }) => metric === 'cost' && evidence.length > 0);
  return {
    id, title, lead: `This run cost ${withUnit(run.value, run.unit)}${ceiling}.`, body: html`${terms(found)}${list(gate?.evidence ?? [])}`,
  };
}

function name({ per = '', service = '' }: Readonly<Record<string, string>>): string {
  if (per === 'run') return 'this run';
  return per === 'QPS' ? `${service}: an hour of one request a second` : `a ${per}`;
}
