/**
 * The pages of the accuracy benchmark. Each does one thing, `delay` ms after the input, and knows by itself when its
 * user saw it: its own listener keeps the input's time stamp, and after each reveal it waits for a frame and the
 * message after it. Nothing here knows the probe. A start that is to outlive its document travels in the address.
 */
interface Origins { home: string; neighbour: string; abroad: string }
type Page = (delayMs: number, origins: Origins) => string;

const truthScript = `
  const given = new URLSearchParams(location.search).get('start');
  const truth = { startMs: given ? Number(given) : null, endMs: null };
  const clockMs = () => performance.timeOrigin + performance.now();
  for (const name of ['pointerdown', 'keydown']) {
    addEventListener(name, (event) => {
      if (event.isTrusted && truth.startMs === null) truth.startMs = performance.timeOrigin + event.timeStamp;
    }, true);
  }
  const paint = () => new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  }));
  const seen = async () => { await paint(); truth.endMs = clockMs(); };
  const server = (ms) => fetch('/wait?wait=' + ms);
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const $ = (selector) => document.querySelector(selector);
  const onAct = (run) => addEventListener('DOMContentLoaded', () => $('#act').addEventListener('click', run));
`;

const style = `body { font: 16px sans-serif; } .off { display: none; } .ghost { visibility: hidden; }
  .clear { opacity: 0; }`;

const html = (body: string, script = ''): string => `<!doctype html><html lang="en"><head><title>bench</title>
<style>${style}</style><script>${truthScript}${script}</script></head><body>${body}</body></html>`;

const button = '<button id="act">act</button>';

/** A page with a button, some markup, and what the button does. */
const acting = (body: string, run: string): string => html(`${button}${body}`, `onAct(async () => { ${run} });`);

const arrived = html('<h1 id="done">arrived</h1><script>void seen();</script>');

export const pages: Record<string, Page> = {
  added: (delay) => acting('<div id="box"></div>', `await server(${delay});
    $('#box').innerHTML = '<p id="done">done</p>'; await seen();`),
  text: (delay) => acting('<p id="state">waiting</p>', `await server(${delay});
    $('#state').firstChild.data = 'Order confirmed'; await seen();`),
  class: (delay) => acting('<p id="done" class="off">done</p>', `await server(${delay});
    $('#done').classList.remove('off'); await seen();`),
  hidden: (delay) => acting('<section hidden><div><p id="done">done</p></div></section>', `await server(${delay});
    $('section').hidden = false; await seen();`),
  style: (delay) => acting('<section style="visibility: hidden"><div><p id="done">done</p></div></section>',
    `await server(${delay}); $('section').style.visibility = ''; await seen();`),
  open: (delay) => acting('<details><summary>more</summary><p id="done">done</p></details>', `await server(${delay});
    $('details').open = true; await seen();`),
  // Two changes that reveal nothing before, three that mean nothing after.
  busyAncestor: (delay) => acting('<main class="off"><section class="off"><p id="done">done</p></section></main>',
    `const work = server(${delay}); await sleep(20); $('main').className = 'a';
    await sleep(30); $('main').className = 'b'; await work; $('section').className = ''; await seen();
    for (const name of ['c', 'd', 'e']) {
      await sleep(40); $('main').className = name; $('section').className = name; }`),
  sheet: (delay) => acting('<p id="done" class="off">done</p>', `await server(${delay});
    document.styleSheets[0].insertRule('.off { display: block !important; }'); await seen();`),
  sibling: (delay) => acting('<input type="checkbox" id="flip" hidden><p id="done">done</p><style>' +
    '#done { display: none; } #flip:checked ~ #done { display: block; }</style>', `await server(${delay});
    $('#flip').checked = true; await seen();`),
  link: (delay, { home }) => html(`<a id="act" href="/arrived?wait=${delay}">go</a>`, `const base = '${home}';
    onAct((event) => { event.currentTarget.href = base + '/arrived?wait=${delay}&start=' + truth.startMs; });`),
  linkAbroad: (delay, { abroad }) => html('<a id="act" href="#">go</a>', `onAct((event) => {
    event.currentTarget.href = '${abroad}/arrived?wait=${delay}&start=' + truth.startMs; });`),
  arrived: () => arrived,
  visited: (delay) => html('<h1>visited</h1>', `truth.startMs = performance.timeOrigin;
    addEventListener('load', async () => { await server(${delay});
      document.body.insertAdjacentHTML('beforeend', '<p id="done">done</p>'); await seen(); });`),
  form: (delay) => html(`<form method="post" action="/post"><input type="hidden" name="start">
    <input type="hidden" name="wait" value="${delay}"><button id="act">send</button></form>`,
  "onAct(() => { $('[name=start]').value = truth.startMs; });"),
  pushState: (delay) => acting('<main><h1 id="list">list</h1></main>', `await server(${delay});
    history.pushState({}, '', '/item/1'); $('main').innerHTML = '<h1 id="done">item</h1>'; await seen();`),
  shadow: (delay) => acting('<x-card></x-card>', `await server(${delay});
    const root = $('x-card').attachShadow({ mode: 'open' }); root.innerHTML = '<p id="done" hidden>done</p>';
    await sleep(50); root.querySelector('p').hidden = false; await seen();`),
  frame: (delay) => acting('<iframe src="/inner"></iframe>', `$('iframe').contentWindow.postMessage(${delay}, '*');`),
  frameAbroad: (delay, { neighbour }) => acting(`<iframe src="${neighbour}/inner"></iframe>`,
    `$('iframe').contentWindow.postMessage(${delay}, '*');`),
  inner: () => html('<div id="box"></div>', `addEventListener('message', async ({ data }) => { await server(data);
    $('#box').innerHTML = '<p id="done">done</p>'; await seen(); });`),
  hiddenFrame: (delay) => acting('<div class="off"><iframe src="/plain"></iframe></div>', `await server(${delay});
    $('div').className = ''; await seen();`),
  plain: () => html('<p id="done">done</p>'),
  popup: (delay) => html('<button id="act">act</button>', `onAct(() => {
    open('/arrived?wait=${delay}&start=' + truth.startMs); });`),
  image: (delay) => acting('<img id="done" width="40" height="40" alt="receipt">', `const image = $('#done');
    image.src = '/pixel.gif?wait=${delay}'; await new Promise((resolve) => { image.onload = resolve; });
    await image.decode(); await seen();`),
  opacity: (delay) => acting('<section class="clear"><p id="done">done</p></section>', `await server(${delay});
    $('section').className = ''; await seen();`),
  // Nothing but the animation's own clock ends the wait: the page asks the computed style, frame by frame.
  fade: (delay) => acting('<p id="done" class="clear">done</p><style>@keyframes in { from, to { opacity: 1 } }' +
    `.go { animation: in 1s ${delay}ms forwards; }</style>`, `$('#done').classList.add('go');
    const look = () => (getComputedStyle($('#done')).opacity === '0' ? requestAnimationFrame(look) : finish());
    const finish = () => { const channel = new MessageChannel(); channel.port2.postMessage(null);
      channel.port1.onmessage = () => { truth.endMs = clockMs(); }; }; look();`),
  rerender: (delay) => acting('<main></main>', `await server(${delay}); let n = 0;
    const render = () => { $('main').innerHTML = '<p id="done" data-n="' + (n += 1) + '">done</p>'; };
    render(); await seen(); for (let i = 0; i < 4; i += 1) { await sleep(25); render(); }
    await sleep(10); $('main').innerHTML = ''; await sleep(40); render();`),
  ticker: (delay) => acting('<p id="clock">0</p><p id="state">waiting</p>', `let on = true; (async () => {
    for (let i = 0; on; i += 1) { await sleep(8); $('#clock').textContent = i; document.body.dataset.tick = i; } })();
    await server(${delay}); $('#state').textContent = 'Order confirmed · 0 s'; await seen();
    for (let i = 1; i < 8; i += 1) { await sleep(30); $('#state').textContent = 'Order confirmed · ' + i + ' s'; }
    on = false;`),
  typing: (delay) => html('<input id="act" aria-label="Search"><ul></ul>', `addEventListener('DOMContentLoaded', () =>
    $('#act').addEventListener('input', async () => { await server(${delay});
      $('ul').innerHTML = '<li id="done">suggestion</li>'; await seen(); }, { once: true }));`),
  role: (delay) => acting('<section><h2>Other</h2></section>', `await server(${delay});
    $('section').insertAdjacentHTML('beforeend', '<div hidden><h2>Receipt <b>no. 7</b></h2></div>'); await sleep(40);
    $('section > div').hidden = false; await seen();`),
  filtered: (delay) => acting('<ul><li>one</li><li>two</li></ul>', `await server(${delay});
    $('ul').insertAdjacentHTML('beforeend', '<li>paid <b>three</b></li>'); await seen();`),
  scrolled: (delay) => acting('<div style="height: 60px; overflow: auto"><div style="height: 2000px"></div>' +
    '<section style="content-visibility: auto"></section></div>', `await server(${delay});
    $('section').innerHTML = '<p id="done">done</p>'; await seen();`),
};
