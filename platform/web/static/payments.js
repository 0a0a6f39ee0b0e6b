// Paying, and following what was paid: for the checkout and project pages.
import { call, show } from './app.js';

const FIRST_LOOK_MS = 400;
const LONGEST_LOOK_MS = 3000;

/** Asks for a payment, less and less often, until `waits` is false for it; null when there is none. */
async function paymentAfter(intentId, waits) {
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(LONGEST_LOOK_MS, waitMs * 1.5)) {
    // Spread, because many may wait for the same recovery.
    await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random() / 2)));
    try {
      const response = await fetch(`/api/v1/payments/escrow/${intentId}`);
      if (response.status === 404 || response.status === 401) return null;
      const { escrow } = await response.json();
      if (response.ok && !waits(escrow)) return escrow;
    } catch {
      // Nobody answered just now.
    }
  }
}

function newIntent() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `int_${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function checkout(form) {
  const key = `intent:${form.dataset.project}`;
  const button = form.querySelector('button[type=submit]');
  const problem = form.querySelector('[role=alert]');
  const confirming = document.querySelector('section[data-testid=payment-confirming]');
  const receipt = document.querySelector('section[data-testid=receipt]');

  function tell(code, message) {
    // For whoever reads the page by machine: CARD_DECLINED says more than its sentence.
    problem.dataset.code = code;
    show(problem, message);
  }
  function only(part) {
    for (const one of [form, confirming, receipt]) one.hidden = one !== part;
  }
  /** One intent id a payment, shared by tabs and kept over reloads until it is settled: a retry never pays twice. */
  function begin() {
    if (localStorage.getItem(key) === null) localStorage.setItem(key, newIntent());
    form.dataset.intent = localStorage.getItem(key);
  }
  function settle(intentId) {
    if (localStorage.getItem(key) === intentId) localStorage.removeItem(key);
  }
  function declined(intentId, code, message) {
    settle(intentId);
    begin();
    only(form);
    tell(code, message);
    button.disabled = false;
  }
  function paid(escrow) {
    settle(escrow.intentId);
    // Given back since, say: the project's page tells more.
    if (!['held', 'released'].includes(escrow.state)) return location.assign(`/projects/${escrow.projectId}`);
    Object.assign(receipt.dataset,
      { escrow: escrow.intentId, amountCents: escrow.totalCents, currency: escrow.currency });
    const dollars = (escrow.totalCents / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' });
    receipt.querySelector('[data-receipt=total]').textContent = dollars;
    receipt.querySelector('[data-receipt=intent]').textContent = escrow.intentId;
    only(receipt);
  }
  async function confirm(intentId) {
    only(confirming);
    const escrow = await paymentAfter(intentId, ({ state }) => state === 'pending');
    if (escrow?.state === 'failed') {
      const [code, ...message] = escrow.failure.split(': ');
      declined(intentId, code === 'not_confirmed' ? 'NOT_CONFIRMED' : 'CARD_DECLINED', message.join(': '));
    } else if (escrow) paid(escrow);
    else location.assign(`/projects/${form.dataset.project}`);
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    problem.hidden = true;
    const { intent: intentId, project: projectId } = form.dataset;
    try {
      const paymentMethod = new FormData(form).get('paymentMethod');
      const { ok, status, reply } = await call('/payments/escrow/lock', { projectId, intentId, paymentMethod });
      if (status === 202) await confirm(intentId);
      else if (ok) paid(reply.escrow);
      else if (status === 402 || status === 409) declined(intentId, reply.error.code, reply.error.message);
      else tell(reply.error.code ?? '', reply.error.message);
    } catch {
      tell('NO_ANSWER', 'We could not reach OpenShow. Try again: you are not charged twice.');
    } finally {
      button.disabled = false;
    }
  });

  if (form.hidden) return void confirm(form.dataset.intent);
  // What was tried last has failed since: its user may be the one who closed the page too early to hear of it.
  const { settled, failure } = form.dataset;
  if (settled !== '' && localStorage.getItem(key) === settled) {
    if (failure === '') settle(settled);
    else declined(settled, 'CARD_DECLINED', failure);
  }
  begin();
  button.disabled = false;
}

/** A payment under way: the page is shown anew once it has moved on. */
async function follow(box) {
  const moved = await paymentAfter(box.dataset.follow, ({ state, underway }) =>
    `${state}:${underway ?? ''}` === box.dataset.state);
  if (moved) location.reload();
}

async function moveMoney(button) {
  const box = button.closest('[data-escrow]');
  const problem = box.querySelector('[role=alert]');
  button.disabled = true;
  problem.hidden = true;
  try {
    const { ok, reply } = await call(`/payments/escrow/${button.dataset.move}`, { intentId: box.dataset.escrow });
    if (ok) location.assign(`/projects/${reply.escrow.projectId}`);
    else show(problem, reply.error.message);
  } catch {
    show(problem, 'We could not reach OpenShow. Try again.');
  } finally {
    button.disabled = false;
  }
}

document.querySelectorAll('[data-checkout]').forEach(checkout);
document.querySelectorAll('[data-follow]').forEach(follow);
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-move]');
  if (button) moveMoney(button);
});
