// The page works without this script except for suggestions, payment, the agent and what providers do.

const SUGGEST_DELAY_MS = 60;

/** Posts to the API. Rejects only when there is no answer at all. */
export async function call(path, body, type = 'application/json') {
  const response = await fetch(`/api/v1${path}`, {
    method: 'POST', headers: { 'content-type': type }, body: type === 'application/json' ? JSON.stringify(body) : body,
  });
  const reply = await response.json().catch(() => ({ error: { message: 'The server did not answer in full.' } }));
  return { ok: response.ok, status: response.status, reply };
}

export function show(element, text) {
  element.textContent = text;
  element.hidden = false;
}

function combobox(input) {
  const list = document.getElementById(input.getAttribute('aria-controls'));
  let timer = 0;
  let pending = null;
  let active = -1;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }
  function mark(index) {
    const options = [...list.children];
    active = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute('aria-selected', String(at === active)));
    input.setAttribute('aria-activedescendant', options[active].id);
  }
  async function suggest() {
    pending?.abort();
    const q = input.value.trim();
    if (q === '') return close();
    pending = new AbortController();
    try {
      const url = `/api/v1/search/suggestions?q=${encodeURIComponent(q)}`;
      const { suggestions } = await (await fetch(url, { signal: pending.signal })).json();
      list.replaceChildren(...suggestions.map(({ term, kind, href }, index) => {
        const option = document.createElement('li');
        option.id = `suggestion-${index}`;
        option.setAttribute('role', 'option');
        option.setAttribute('aria-selected', 'false');
        option.dataset.href = href;
        const note = document.createElement('small');
        note.textContent = kind;
        option.append(term, note);
        return option;
      }));
      active = -1;
      list.hidden = suggestions.length === 0;
      input.setAttribute('aria-expanded', String(!list.hidden));
    } catch (error) {
      if (error.name !== 'AbortError') close();
    }
  }
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, SUGGEST_DELAY_MS);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return close();
    if (list.hidden) return;
    if (event.key === 'ArrowDown') mark(active + 1);
    else if (event.key === 'ArrowUp') mark(active < 0 ? -1 : active - 1);
    else if (event.key === 'Enter' && active >= 0) location.assign(list.children[active].dataset.href);
    else return;
    event.preventDefault();
  });
  input.addEventListener('blur', close);
  // Before blur would close the list.
  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[role=option]');
    if (option) location.assign(option.dataset.href);
  });
}

function agent(panel) {
  const button = panel.querySelector('[data-draft]');
  const status = panel.querySelector('[role=status]');
  const progress = panel.querySelector('[data-testid=agent-progress]');
  const brief = panel.querySelector('[data-testid=agent-brief]');

  function end(source, text) {
    source?.close();
    button.disabled = false;
    progress.hidden = true;
    status.textContent = text;
  }
  function follow(taskId) {
    const source = new EventSource(`/api/v1/tasks/${taskId}/events`);
    let text = '';
    // The server sends a task's events from its beginning, also when the browser connects again.
    source.addEventListener('started', () => {
      text = '';
      status.textContent = 'The agent is writing…';
    });
    source.addEventListener('progress', (event) => show(progress, (text += JSON.parse(event.data).delta)));
    source.addEventListener('completed', (event) => {
      const task = JSON.parse(event.data);
      end(source, task.message ?? `Drafted in ${(task.durationMs / 1000).toFixed(1)} s.`);
      show(brief, task.brief);
    });
    source.addEventListener('failed', (event) => end(source, JSON.parse(event.data).message));
    source.addEventListener('error', () => {
      // While connecting again the browser helps itself; closed, it has given up.
      if (source.readyState === EventSource.CLOSED) end(source, 'The connection to the agent was lost. Try again.');
    });
  }
  button.addEventListener('click', async () => {
    button.disabled = true;
    brief.hidden = true;
    status.textContent = 'Calling the agent…';
    try {
      const { ok, reply } = await call(`/projects/${panel.dataset.project}/brief`, {});
      if (ok) follow(reply.task.id);
      else end(null, reply.error.message);
    } catch {
      end(null, 'We could not reach OpenShow. Try again.');
    }
  });
}

function faultLine({ row, externalId, problems }) {
  const item = document.createElement('li');
  item.textContent = `Row ${row}${externalId === null ? '' : ` (${externalId})`}: ${problems.join('; ')}`;
  return item;
}

function syncListings(form) {
  const button = form.querySelector('button[type=submit]');
  const part = (name) => form.querySelector(`[data-testid=${name}]`);
  const [problem, result, later, rows] = ['sync-error', 'sync-result', 'upload-later', 'sync-faults'].map(part);

  function showRows(faults) {
    rows.replaceChildren(...faults.slice(0, 20).map(faultLine));
    rows.hidden = faults.length === 0;
  }
  /** A JSON file is sent as it is written: the server says what is wrong with it. */
  async function send(file) {
    // The server would close the connection on it, which looks as if it were not there.
    if (file.size > Number(form.dataset.maxBytes)) {
      return { ok: false, reply: { error: { message: 'The file is larger than 4 MiB. Send it in parts.' } } };
    }
    const isJson = /json/.test(file.type) || file.name.toLowerCase().endsWith('.json');
    if (!isJson) return call('/listings/sync', file, 'text/csv');
    try {
      return await call('/listings/sync', JSON.parse(await file.text()));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { ok: false, reply: { error: { message: 'The file is not valid JSON.' } } };
    }
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    for (const one of [problem, result, later]) one.hidden = true;
    try {
      const { ok, reply } = await send(form.elements.file.files[0]);
      showRows((ok ? reply.faults : reply.error.faults) ?? []);
      if (!ok) show(problem, reply.error.message);
      const { created = 0, updated = 0, unchanged = 0, rejected = 0 } = reply.sync ?? {};
      result.querySelector('[data-sync-counts]').textContent = ok
        ? `${created} new, ${updated} updated, ${unchanged} unchanged, ${rejected} not taken.` : '';
      if (ok && reply.message) show(later, reply.message);
      result.hidden = !ok && rows.hidden;
    } catch {
      show(problem, 'We could not reach OpenShow. Send the file again: nothing is stored twice.');
    } finally {
      button.disabled = false;
    }
  });
}

const FUNDING = {
  'verified': 'Verified', 'mismatch': 'Does not agree', 'not funded': 'Not funded', 'unknown': 'Not known now',
  'not found': 'Not found',
};

function fundingPanel(panel) {
  const button = panel.querySelector('[data-verify]');
  const problem = panel.querySelector('[data-testid=funding-error]');
  const result = panel.querySelector('[data-testid=funding-result]');
  const orders = new Map([...panel.querySelectorAll('[data-intent]')].map((row) => [row.dataset.intent, row]));
  button.addEventListener('click', async () => {
    button.disabled = true;
    problem.hidden = result.hidden = true;
    try {
      const { ok, reply } = await call('/funding/verify', { intentIds: [...orders.keys()] });
      if (!ok) return show(problem, reply.error.message);
      for (const { intentId, status } of reply.results) {
        const cell = orders.get(intentId).querySelector('[data-testid=funding-status]');
        cell.textContent = FUNDING[status];
        cell.dataset.status = status;
      }
      const verified = reply.results.filter(({ status }) => status === 'verified').length;
      show(result, `${verified} of ${reply.results.length} verified.${reply.message ? ` ${reply.message}` : ''}`);
    } catch {
      show(problem, 'We could not reach OpenShow. Try again.');
    } finally {
      button.disabled = false;
    }
  });
}

document.querySelectorAll('[data-sync]').forEach(syncListings);
document.querySelectorAll('[data-funding]').forEach(fundingPanel);
document.querySelectorAll('[role=combobox]').forEach(combobox);
document.querySelectorAll('[data-agent]').forEach(agent);
