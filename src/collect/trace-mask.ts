import { Redactor } from '../privacy/redactor.ts';
import { maskSecrets, isSecretName, MASK, SecretValues } from './secrets.ts';

/** The files of a Playwright trace by name. */
export type TraceFiles = Record<string, Uint8Array>;
type Json = Record<string, unknown>;

// What each kind of line may keep. What is not named here is left out, so that a new field of a later Playwright is, too.
const ACTION = ['type', 'callId', 'startTime', 'title', 'class', 'method', 'stepId', 'pageId', 'parentId', 'beforeSnapshot'];
const PARAMS = ['selector', 'url', 'method', 'timeout', 'state', 'strict', 'waitUntil', 'button', 'clickCount', 'position'];
const TYPED = ['value', 'text', 'key', 'options', 'files', 'localPaths'];
const EVENT_PARAMS = ['pageId', 'openerPageId', 'type', 'message', 'url', 'error', 'location'];
const OPTIONS = ['baseURL', 'viewport', 'deviceScaleFactor', 'isMobile', 'userAgent', 'locale'];
const ENTRY = [
  'pageref', 'startedDateTime', 'time', 'cache', 'timings', 'serverIPAddress', '_serverPort', '_frameref', '_monotonicTime',
  '_resourceType', '_apiRequest', '_wasAborted', '_wasFulfilled', '_wasContinued',
];
/** A snapshot is drawn from its own markup and these; every other body is left out, since anybody's data may stand in it. */
const DRAWN = /^(?:text\/css|image\/|font\/|application\/(?:x-)?font)/;

const lines = (file: Uint8Array | undefined): Json[] => new TextDecoder().decode(file ?? new Uint8Array()).split('\n')
  .flatMap((line) => {
    try { return line === '' ? [] : [JSON.parse(line) as Json]; } catch { return []; }
  });
const pick = (from: Json, keys: readonly string[]): Json =>
  Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? value as Json : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(record) : []);

/**
 * Returns a Playwright trace (versions 8 to 10) without what must not leave the run: cookies, credentials, bodies of
 * requests, bodies of answers that no picture needs, everything that was typed. Values found in secret places (a cookie, a
 * password field, a token in an answer) are masked wherever else they stand, and so is what the redactor finds.
 */
export function maskTrace(files: TraceFiles, redactor = new Redactor()): TraceFiles {
  const trace = lines(files['trace.trace']);
  const network = lines(files['trace.network']);
  const secrets = new SecretValues();
  for (const entry of network) collectFromEntry(record(entry.snapshot), files, secrets);
  for (const line of trace) collectFromLine(line, secrets);

  const encoder = new TextEncoder();
  const write = (all: Json[]): string => all.map((line) => {
    const masked = secrets.mask(JSON.stringify(line));
    return `${redactor.suspects(masked) ? redactor.line(JSON.parse(masked)) : masked}\n`;
  }).join('');
  const traceText = write(trace.flatMap(maskLine));
  const networkText = write(network.map(({ type, snapshot }) => ({ type, snapshot: maskEntry(record(snapshot)) })));
  const masked: TraceFiles = { 'trace.trace': encoder.encode(traceText), 'trace.network': encoder.encode(networkText) };
  if (files['trace.stacks']) masked['trace.stacks'] = files['trace.stacks'];
  for (const [name, body] of Object.entries(files)) {
    const file = name.replace(/^resources\//, '');
    if (file === name || !(traceText.includes(file) || networkText.includes(file))) continue;
    masked[name] = /\.(?:css|svg)$/.test(name) ? encoder.encode(redactor.text(secrets.mask(new TextDecoder().decode(body)))) : body;
  }
  return masked;
}

function collectFromEntry(entry: Json, files: TraceFiles, secrets: SecretValues): void {
  const [request, response] = [record(entry.request), record(entry.response)];
  for (const side of [request, response]) {
    for (const { value } of list(side.cookies)) secrets.add(value);
    for (const { name, value } of list(side.headers)) secrets.addHeader(String(name), String(value));
  }
  secrets.addUrl(String(request.url));
  for (const { name, value } of list(record(request.postData).params)) if (isSecretName(String(name))) secrets.add(value);
  for (const holder of [record(request.postData), record(response.content)]) {
    const body = files[String(holder._file)] ?? files[`resources/${String(holder._sha1)}`];
    const type = String(holder.mimeType);
    if (typeof holder.text === 'string') secrets.addBody(holder.text, type);
    if (body && /json|x-www-form-urlencoded/.test(type)) secrets.addBody(new TextDecoder().decode(body), type);
  }
}

function collectFromLine(line: Json, secrets: SecretValues): void {
  const params = record(line.params);
  if (line.type === 'before' && isSecretName(String(params.selector))) secrets.add(params.value ?? params.text);
  if (typeof params.url === 'string') secrets.addUrl(params.url);
  if (line.type === 'frame-snapshot') collectFromMarkup(record(line.snapshot).html, secrets);
}

/** An element of a snapshot is [name, attributes, ...children]; a text is a string, and [[n, m]] stands for an earlier one. */
function collectFromMarkup(node: unknown, secrets: SecretValues): void {
  if (!Array.isArray(node) || typeof node[0] !== 'string') return;
  const attributes = record(node[1]);
  const called = [attributes.name, attributes.id, attributes.autocomplete].map(String).join(' ');
  if (attributes.type === 'password' || isSecretName(called)) secrets.add(attributes.__playwright_value_ ?? attributes.value);
  for (const child of node.slice(2)) collectFromMarkup(child, secrets);
}

function maskLine(line: Json): Json[] {
  const params = record(line.params);
  switch (line.type) {
    case 'context-options':
      return [{ ...line, options: pick(record(line.options), OPTIONS) }];
    case 'before': {
      const typed = Object.fromEntries(TYPED.flatMap((key) => (params[key] === undefined ? [] : [[key, MASK]])));
      const kept = pick(params, PARAMS);
      if (typeof kept.url === 'string') kept.url = maskSecrets.url(kept.url);
      return [{ ...pick(line, ACTION), params: { ...kept, ...typed } }];
    }
    case 'after': {
      const error = record(line.error);
      const failed = line.error ? { error: { name: error.name, message: maskSecrets.log(String(error.message)) } } : {};
      return [{ ...pick(line, ['type', 'callId', 'endTime', 'afterSnapshot', 'point']), ...failed }];
    }
    case 'log':
      return [{ ...pick(line, ['type', 'callId', 'time']), message: maskSecrets.log(String(line.message)) }];
    case 'input':
      return [pick(line, ['type', 'callId', 'point', 'inputSnapshot'])];
    case 'console':
      return [pick(line, ['type', 'messageType', 'text', 'location', 'time', 'pageId'])];
    case 'event':
      return [{ ...pick(line, ['type', 'time', 'class', 'method', 'pageId']), params: pick(params, EVENT_PARAMS) }];
    case 'frame-snapshot': {
      const snapshot = record(line.snapshot);
      return [{ type: line.type, snapshot: { ...snapshot, frameUrl: maskSecrets.url(String(snapshot.frameUrl)), html: maskMarkup(snapshot.html) } }];
    }
    default:
      return [];
  }
}

const VALUES = ['value', '__playwright_value_'];
const ADDRESSES = ['href', 'src', 'action', 'formaction', '__playwright_src__'];
/** What a button is labelled with stands in its value. */
const LABELLED = new Set(['submit', 'button', 'reset']);

function maskMarkup(node: unknown): unknown {
  if (!Array.isArray(node) || typeof node[0] !== 'string') return node;
  const [name, attributes, ...children] = node as [string, unknown, ...unknown[]];
  const masked = { ...record(attributes) };
  for (const key of ADDRESSES) if (typeof masked[key] === 'string') masked[key] = maskSecrets.url(masked[key]);
  const holdsInput = ['INPUT', 'TEXTAREA', 'OPTION', 'SELECT', 'BUTTON'].includes(name.toUpperCase());
  if (holdsInput && !LABELLED.has(String(masked.type))) {
    for (const key of VALUES) if (masked[key] !== undefined && masked[key] !== '') masked[key] = MASK;
  }
  if (name.toUpperCase() === 'META' && isSecretName(String(masked.name))) masked.content = MASK;
  // A text area's text is what was typed, or what it began with.
  const inside = name.toUpperCase() === 'TEXTAREA' ? children.map((child) => (typeof child === 'string' ? MASK : child)) : children.map(maskMarkup);
  return [name, masked, ...inside];
}

function maskEntry(entry: Json): Json {
  const [request, response] = [record(entry.request), record(entry.response)];
  const headers = (side: Json): Json[] => list(side.headers).map(({ name, value }) => ({ name, value: maskSecrets.header(String(name), String(value)) }));
  const content = record(response.content);
  const body = DRAWN.test(String(content.mimeType)) ? ['_file', '_sha1'] : [];
  return {
    ...pick(entry, ENTRY),
    request: {
      ...pick(request, ['method', 'httpVersion', 'headersSize', 'bodySize']),
      url: maskSecrets.url(String(request.url)),
      cookies: [],
      headers: headers(request),
      queryString: list(request.queryString).map(({ name, value }) => ({ name, value: isSecretName(String(name)) ? MASK : value })),
      ...(request.postData ? { postData: { mimeType: record(request.postData).mimeType, text: MASK, params: [] } } : {}),
    },
    response: {
      ...pick(response, ['status', 'statusText', 'httpVersion', 'headersSize', 'bodySize', '_transferSize', '_failureText']),
      cookies: [],
      headers: headers(response),
      redirectURL: typeof response.redirectURL === 'string' ? maskSecrets.url(response.redirectURL) : '',
      content: pick(content, ['size', 'mimeType', ...body]),
    },
  };
}
