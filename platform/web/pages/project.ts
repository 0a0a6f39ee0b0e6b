import type { Creator } from '../catalog.ts';
import { MESSAGES } from '../escrow.ts';
import { html } from '../html.ts';
import type { Html } from '../html.ts';
import type { Escrow } from '../ledger.ts';
import { formatCents, priceOf } from '../money.ts';
import type { Project } from '../projects.ts';
import { assetUrl } from '../routes/operations.ts';
import { SKILLS } from '../seed.ts';
import { alertBox } from './account.ts';
import { skillName } from './layout.ts';

const STATUS: Record<Project['status'], string> = {
  draft: 'Not funded yet', funded: 'In escrow', completed: 'Paid out', refunded: 'Refunded',
};
/** What a payment that is under way says instead of its project's status. */
const UNDER_WAY: Partial<Record<Escrow['state'], string>> = {
  pending: 'Payment being confirmed', refunding: 'Refund on its way',
};
const status = ({ status: state }: Project, escrow: Escrow | null = null): Html => html`<span class="badge ${state}"
  data-testid="project-status">${(escrow && UNDER_WAY[escrow.state]) ?? STATUS[state]}</span>`;

export function projectList(projects: Project[]): Html {
  return html`<div class="row spread"><h1 class="plain">Your projects</h1>
      <a class="button" href="/projects/new">New project</a></div>
    ${projects.length === 0 ? html`<p class="card note">No projects yet. The first one takes a minute.</p>`
      : html`<ul class="grid" aria-label="Projects">${projects.map((project) => html`<li class="card body">
        <h3><a href="/projects/${project.id}">${project.title}</a></h3>
        <p class="facts">${status(project)}<span>${skillName(project.skill)}</span>
          <strong>${formatCents(project.amountCents)}</strong></p></li>`)}</ul>`}`;
}

export interface ProjectForm {
  title: string;
  details: string;
  skill: string;
  budget: string;
  creator: Creator | null;
  error: string | null;
}

export function newProjectPage(form: ProjectForm): Html {
  return html`<form class="card sheet" method="post" action="/projects">
    <h1>New project</h1>
    ${form.creator && html`<p class="muted">With <strong>${form.creator.name}</strong>, ${form.creator.headline}</p>
      <input type="hidden" name="creatorId" value="${form.creator.id}">`}
    ${alertBox(form.error)}
    <label>Title<input name="title" value="${form.title}" required minlength="3" maxlength="120"></label>
    <label>Details<textarea name="details" rows="5" maxlength="4000">${form.details}</textarea></label>
    <div class="pair">
      <label>Skill<select name="skill">${SKILLS.map(([slug, name]) =>
        html`<option value="${slug}" ${form.skill === slug && html`selected`}>${name}</option>`)}</select></label>
      <label>Budget (US$)<input name="budget" value="${form.budget}" required inputmode="decimal"></label>
    </div>
    <button class="button" type="submit">Create project</button>
  </form>`;
}

export function projectPage(project: Project, creator: Creator | null, escrow: Escrow | null): Html {
  const { brief } = project;
  return html`${script()}<p class="crumbs"><a href="/projects">Projects</a></p>
    <div class="row spread"><h1 class="plain" data-testid="project-title">${project.title}</h1>
      ${status(project, escrow)}</div>
    <p class="muted">${skillName(project.skill)}${creator
      && html` · with <a href="/creators/${creator.id}">${creator.name}</a>`}</p>
    <div class="columns">
      <section class="card body" aria-label="Details"><h2>Details</h2>
        <p class="prose">${project.details || 'No details yet. The agent can work from the title.'}</p></section>
      <aside class="card body" aria-label="Escrow"><h2>Escrow</h2>
        <p class="price">${formatCents(project.amountCents)}</p>
        ${escrow ? payment(escrow) : (project.status === 'draft' || project.status === 'refunded')
          && html`<a class="button" href="/projects/${project.id}/checkout">Fund with escrow</a>`}</aside>
    </div>
    <section class="card body agent" aria-label="Drafting agent" data-agent data-project="${project.id}">
      <div class="row spread"><h2>Brief</h2><button class="button" type="button" data-draft>Draft a brief</button></div>
      <p class="muted" role="status" data-testid="agent-status">${brief === null
        ? 'The drafting agent turns your title and details into a brief.' : 'Drafted by the agent.'}</p>
      <p class="prose draft" data-testid="agent-progress" hidden></p>
      <article class="prose brief" data-testid="agent-brief" ${brief === null && html`hidden`}>${brief}</article>
    </section>`;
}

/** What checkout and project pages need beside the script of every page. */
const script = (): Html => html`<script src="${assetUrl('payments.js')}" type="module"></script>`;

/** A payment of which the provider has not said what became of it; the page shows itself anew once it has. */
const underWay = ({ intentId, state, underway }: Escrow, testId: string, text: string): Html =>
  html`<p role="status" data-testid="${testId}" data-follow="${intentId}"
    data-state="${state}:${underway}">${text}</p>`;

function payment(escrow: Escrow): Html {
  if (escrow.state === 'pending') return underWay(escrow, 'payment-confirming', MESSAGES.lock);
  if (escrow.state === 'refunding') return underWay(escrow, 'escrow-state', MESSAGES.refund);
  if (escrow.underway === 'release') return underWay(escrow, 'escrow-state', MESSAGES.release);
  return receipt(escrow);
}

/** What is held or paid, and what can be done next. */
function receipt(escrow: Escrow): Html {
  const held = escrow.state === 'held';
  return html`<div class="receipt" data-testid="receipt" data-escrow="${escrow.intentId}"
    data-amount-cents="${escrow.totalCents}" data-currency="${escrow.currency}">
    <p data-testid="escrow-state">${held ? html`<strong>${formatCents(escrow.totalCents)}</strong> held in escrow`
      : html`Paid out: <strong>${formatCents(escrow.amountCents)}</strong> to the creator, a fee of
        ${formatCents(escrow.feeCents)}`}</p>
    ${held && html`<p class="row"><button class="button" type="button" data-move="release">Release payment</button>
      <button class="button quiet" type="button" data-move="refund">Cancel and refund</button></p>`}
    <p role="alert" class="alert" data-testid="escrow-error" hidden></p></div>`;
}

const CARDS = [
  ['pm_card_visa', 'Visa ending in 4242', 'Test card, approved'],
  ['pm_card_mastercard', 'Mastercard ending in 4444', 'Test card, approved'],
  ['pm_card_chargeDeclined', 'Visa ending in 0002', 'Test card, declined'],
] as const;

/**
 * The checkout; `last` is the project's last payment. One that is still being confirmed takes the place of the form. Of
 * one that failed the page tells its own user, and does not use its intent again.
 */
export function checkoutPage(project: Project, last: Escrow | null): Html {
  const price = priceOf(project.amountCents);
  const pending = last?.state === 'pending' ? last : null;
  const [, ...failure] = (last?.state === 'failed' ? last.failure ?? '' : '').split(': ');
  return html`${script()}<p class="crumbs"><a href="/projects/${project.id}">${project.title}</a></p>
    <h1 class="plain">Escrow checkout</h1>
    <div class="columns">
      <form class="card body" data-checkout data-project="${project.id}" data-amount-cents="${price.totalCents}"
        data-currency="usd" data-settled="${pending ? null : last?.intentId}" data-failure="${failure.join(': ')}"
        ${pending && html`data-intent="${pending.intentId}" hidden`}>
        <fieldset><legend>Card</legend>${CARDS.map(([value, label, note], index) => html`<label class="choice">
          <input type="radio" name="paymentMethod" value="${value}" ${index === 0 && html`checked`}>
          <span>${label}<small>${note}</small></span></label>`)}</fieldset>
        <p role="alert" class="alert" data-testid="payment-error" hidden></p>
        <button class="button" type="submit" disabled>Pay into escrow</button>
        <p class="muted">The card is authorised now, and charged when you release the payment.</p>
      </form>
      <section class="card body" role="status" data-testid="payment-confirming" ${!pending && html`hidden`}>
        <h2>One moment</h2>
        <p>${MESSAGES.lock}</p>
        <p class="muted">This page shows the receipt as soon as it is there. You may also leave and look at
          <a href="/projects/${project.id}">the project</a> later.</p>
      </section>
      <section class="card body receipt" data-testid="receipt" aria-label="Receipt" hidden>
        <h2>Held in escrow</h2>
        <p><strong data-receipt="total"></strong> is held for “${project.title}”. Reference
          <code data-receipt="intent"></code></p>
        <p class="row"><button class="button" type="button" data-move="release">Release payment</button>
          <a class="button quiet" href="/projects/${project.id}">Back to the project</a></p>
        <p role="alert" class="alert" data-testid="escrow-error" hidden></p>
      </section>
      <aside class="card body summary" aria-label="Summary"><h2>Summary</h2>
        <dl class="bill">
          <div><dt>Creator earns</dt><dd>${formatCents(price.amountCents)}</dd></div>
          <div><dt>Platform fee, 3 %</dt><dd>${formatCents(price.feeCents)}</dd></div>
          <div class="total"><dt>Total</dt><dd data-testid="checkout-total">${formatCents(price.totalCents)}</dd></div>
        </dl></aside>
    </div>`;
}
