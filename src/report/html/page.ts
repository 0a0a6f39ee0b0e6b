import { html } from './markup.ts';
import type { Markup } from './markup.ts';
import { agentSection } from './sections/agent.ts';
import { capacitySection } from './sections/capacity.ts';
import { costSection } from './sections/cost.ts';
import { drillsSection } from './sections/drills.ts';
import { failuresSection } from './sections/failures.ts';
import { gatesSection } from './sections/gates.ts';
import { headlineOf } from './sections/headline.ts';
import { integritySection } from './sections/integrity.ts';
import { journeysSection } from './sections/journeys.ts';
import { figuresSection, provenanceSection } from './sections/provenance.ts';
import { replaySection } from './sections/replay.ts';
import { spreadSection, temperatureSection } from './sections/spread.ts';
import { targetSection } from './sections/target.ts';
import { timelineSection } from './sections/timeline.ts';
import { trustSection } from './sections/trust.ts';
import { htmlPage } from './shell.ts';
import type { Section, View } from './view.ts';
import { DECISION_WORDS } from './words.ts';

/** Returns the executive report of a run: one page of HTML that needs nothing but itself. */
export function reportPage(view: View): string {
  const { plan, verdict, provenance } = view.record;
  const gates = gatesSection(view);
  const time = timelineSection(view);
  const rest = [
    journeysSection(view), failuresSection(view), drillsSection(view), capacitySection(view), agentSection(view),
    temperatureSection(view), ...replaySection(view), integritySection(view), spreadSection(view), targetSection(view), costSection(view),
    trustSection(view), provenanceSection(view), figuresSection(view),
  ];
  const printed = new Set(['drills', 'capacity', 'agent', 'cold-warm', 'replay', 'integrity', 'cost', 'trust', 'provenance']);
  const contents = [gates, time, ...rest].map(({ id, title }) => html`<a href="#${id}">${title}</a>`);
  const leads = rest.filter(({ id }) => printed.has(id)).map(({ title, lead }) => html`<div><dt>${title}</dt><dd>${lead}</dd></div>`);
  return htmlPage(`${DECISION_WORDS[verdict.decision]} · ${plan.profile} · ${plan.runId}`, html`
<div class="sheet">${headlineOf(view)}<nav aria-label="Contents">${contents}</nav>${sectionOf(gates)}</div>
<div class="sheet">${sectionOf(time)}<dl class="print-only">${leads}</dl></div>
<div class="no-print">${rest.map(sectionOf)}</div>
<footer>Written by OpenShow Journeys ${provenance.harnessVersion} from the observations of this run.
Judged again, the same files give the same page.</footer>`);
}

function sectionOf({ id, title, lead, body }: Section): Markup {
  const isAbsent = lead.startsWith('No data:');
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
<p class="lead${isAbsent ? html` absent` : null}">${lead}</p>${body}</section>
`;
}
