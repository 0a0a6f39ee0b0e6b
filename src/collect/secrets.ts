/** Stands where something was taken out. */
export const MASK = '***';

const SECRET_NAME = new RegExp([
  'pass', 'pwd', 'secret', 'token', 'session', 'auth', 'cookie', 'api.?key', 'card', 'cvc', 'cvv', 'iban', 'otp', 'one-time',
  '\\bpin\\b', '\\bcc-', 'signature', 'payment.?method', 'credential', 'csrf', 'xsrf',
].join('|'), 'i');
/** Shorter values (a card's check number, "yes") are masked in their place only: elsewhere they mean anything. */
const SHORTEST = 6;

/** Returns whether a header, field or key of this name holds what only its owner should know. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Masks what can be told to be secret from its place alone. */
export const maskSecrets = {
  header: (name: string, value: string): string =>
    (isSecretName(name) ? MASK : /^(?:location|referer)$/i.test(name) ? maskUrl(value) : value),
  url: maskUrl,
  /** A line of Playwright's log: what was typed, and the value of a field. */
  log: (line: string): string => line
    .replace(/\b(fill|type|press|pressSequentially|insertText|selectOption|setInputFiles)\(.*\)/gs, `$1(${MASK})`)
    .replace(/(<(?:input|textarea|option)\b[^>]*?\bvalue=)"[^"]*"/g, `$1"${MASK}"`),
};

/** Masks secret parameters of an address, in its query and in its fragment, and leaves the rest as it is written. */
function maskUrl(url: string): string {
  return url
    .replace(/([?&#])([^=&#]+)=([^&#]*)/g, (whole, mark: string, name: string) => (isSecretName(name) ? `${mark}${name}=${MASK}` : whole))
    .replace(/^(\w+:\/\/)[^/@]*@/, `$1${MASK}@`);
}

/** Secret values as they are found, to be masked wherever else they stand. */
export class SecretValues {
  readonly #values = new Set<string>();

  add(value: unknown): void {
    if (typeof value === 'string' && value.length >= SHORTEST && value !== MASK) this.#values.add(value);
  }

  addHeader(name: string, value: string): void {
    if (!isSecretName(name)) return;
    this.add(value);
    // `Bearer x`, `Basic x`, `a=x; b=y`: the credential itself may stand elsewhere without its frame.
    for (const part of value.split(/[;,]\s*|\s+/)) this.add(/cookie/i.test(name) && !/^(?:path|expires|max-age|domain|samesite)=/i.test(part) ? part.replace(/^[^=]*=/, '') : '');
    const [scheme = '', credential = ''] = value.split(' ');
    if (/^(?:basic|bearer)$/i.test(scheme)) this.add(credential);
    if (/^basic$/i.test(scheme)) this.add(Buffer.from(credential, 'base64').toString().replace(/^[^:]*:/, ''));
  }

  addUrl(url: string): void {
    for (const [name, value] of URL.parse(url)?.searchParams ?? []) if (isSecretName(name)) this.add(value);
  }

  addBody(body: string, mimeType: string): void {
    if (/x-www-form-urlencoded/.test(mimeType)) {
      for (const [name, value] of new URLSearchParams(body)) if (isSecretName(name)) this.add(value);
    } else if (/json/.test(mimeType)) {
      try { this.#addJson(JSON.parse(body), false); } catch { /* cut short, or not what it says it is: its body is left out anyway */ }
    }
  }

  /** Returns a JSON text without the values, as they are written in JSON and in addresses. */
  mask(text: string): string {
    const written = [...this.#values].flatMap((value) => [JSON.stringify(value).slice(1, -1), encodeURIComponent(value), value]);
    // The longest first: one value may be part of another.
    return [...new Set(written)].sort((a, b) => b.length - a.length).reduce((masked, value) => masked.replaceAll(value, MASK), text);
  }

  #addJson(value: unknown, secret: boolean): void {
    if (secret) this.add(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) this.#addJson(inner, (secret && Array.isArray(value)) || isSecretName(name));
  }
}
