import type { PrivateKind } from '../model/index.ts';
import { address } from './address.ts';
import { card } from './card.ts';
import { email } from './email.ts';
import type { Detector, Hit } from './hit.ts';
import { phone } from './phone.ts';
import { knownSecrets } from './secret.ts';
import { token } from './token.ts';
import { asMeant, unescaped, type Unescaped } from './unescaped.ts';

export interface KnownToRun {
  /** Values that nobody may read: those of .env. */
  secrets?: readonly string[];
  /** What may be shown all the same: an e-mail address, `@domain` for all of a domain, a phone number, an IP address. */
  allowed?: readonly string[];
}

/** Where two overlap, all of it is of the kind that says most. */
const RANK: readonly PrivateKind[] = ['secret', 'token', 'email', 'card', 'ip', 'phone'];

/** What stands in the place of something private. */
export function markOf(kind: PrivateKind): string {
  return `[masked ${kind}]`;
}

/**
 * The one layer that everything a run writes goes through: finds what is private in texts, and takes it out. A text in
 * which the quick look sees nothing costs that look alone.
 */
export class Redactor {
  readonly #known: Detector | null;
  readonly #detectors: readonly Detector[];
  readonly #hint: RegExp;
  readonly #allowed: Set<string>;
  /** What may be shown all the same, as it was given. */
  readonly allowed: readonly string[];

  constructor({ secrets = [], allowed = [] }: KnownToRun = {}) {
    const known = knownSecrets(secrets);
    this.#known = known;
    this.#detectors = [...(known ? [known] : []), token, email, card, address, phone];
    this.#hint = new RegExp(this.#detectors.map(({ hint }) => hint).join('|'), 'i');
    this.allowed = allowed;
    this.#allowed = new Set(allowed.map(plain));
  }

  /** Lets an address pass that everybody knows: the run's own target may have no name. */
  know(host: string): void {
    this.#allowed.add(plain(host.replace(/^\[|\]$/g, '')));
  }

  /** Returns whether a text could hold something private: false is certain, true is not. */
  suspects(text: string): boolean {
    return this.#mayHold(text, unescaped(text));
  }

  /** Returns what is private in a text, in order, without overlaps. */
  find(text: string): Hit[] {
    const meant = unescaped(text);
    if (!this.#mayHold(text, meant)) return [];
    const all = this.#everyHit(text, meant).filter((hit) => !this.#allows(hit, text));
    if (all.length < 2) return all;
    const apart: Hit[] = [];
    for (const hit of all.toSorted((a, b) => a.from - b.from)) {
      const last = apart.at(-1);
      if (last === undefined || hit.from >= last.to) {
        apart.push(hit);
        continue;
      }
      const kind = RANK.indexOf(hit.kind) < RANK.indexOf(last.kind) ? hit.kind : last.kind;
      apart[apart.length - 1] = { kind, from: last.from, to: Math.max(last.to, hit.to) };
    }
    return apart;
  }

  /** Returns a text with a mark in the place of everything private; the same text where there is nothing. */
  text(text: string): string {
    return this.#masked(text, this.find(text));
  }

  /** Returns a value of JSON with all its texts and names masked; the very same value where there is nothing to mask. */
  value<T>(value: T): T {
    return this.#inside(value) as T;
  }

  /** Returns a value as one line of JSON, masked. */
  line(value: unknown): string {
    const line = JSON.stringify(value);
    return this.suspects(line) ? JSON.stringify(this.value(value)) : line;
  }

  #masked(text: string, hits: readonly Hit[]): string {
    let done = 0;
    let masked = '';
    for (const { kind, from, to } of hits) {
      masked += text.slice(done, from) + markOf(kind);
      done = to;
    }
    return done === 0 ? text : masked + text.slice(done);
  }

  #mayHold(text: string, meant: Unescaped | null): boolean {
    return this.#hint.test(text) || (meant !== null && this.#hint.test(meant.text));
  }

  /** In the text as it is meant; secrets and tokens in the text as it is written, too, since those may be encoded ones themselves. */
  #everyHit(text: string, meant: Unescaped | null): Hit[] {
    const found = this.#detectors.flatMap((detector) => detector.find(meant?.text ?? text));
    if (meant === null) return found;
    const placed = found.map(({ kind, from, to }): Hit => {
      const [begin, end] = meant.written(from, to);
      return { kind, from: begin, to: end };
    });
    return [...placed, ...token.find(text), ...(this.#known?.find(text) ?? [])];
  }

  /** Returns a field's text masked: some things are private by their field's name alone, as whoever reads the line sees. */
  #field(name: string, text: string): string {
    const head = `"${name}":"`;
    const masked = this.#masked(head + text, this.find(head + text).filter(({ to }) => to > head.length).map(
      (hit) => ({ ...hit, from: Math.max(hit.from, head.length) })));
    return masked.slice(head.length);
  }

  #inside(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      let changed = false;
      const masked = value.map((one: unknown) => {
        const inner = this.#inside(one);
        changed ||= inner !== one;
        return inner;
      });
      return changed ? masked : value;
    }
    let changed = false;
    const masked = new Map<string, unknown>();
    for (const [name, one] of Object.entries(value)) {
      const inner = typeof one === 'string' ? this.#field(name, one) : this.#inside(one);
      const key = this.text(name);
      changed ||= inner !== one || key !== name;
      masked.set(masked.has(key) ? another(key, masked) : key, inner);
    }
    return changed ? Object.fromEntries(masked) : value;
  }

  #allows({ kind, from, to }: Hit, text: string): boolean {
    if (this.#allowed.size === 0 || kind === 'secret' || kind === 'token' || kind === 'card') return false;
    const found = plain(text.slice(from, to));
    if (this.#allowed.has(found)) return true;
    if (kind !== 'email') return false;
    const labels = found.slice(found.indexOf('@') + 1).split('.');
    return labels.some((_, at) => this.#allowed.has(`@${labels.slice(at).join('.')}`));
  }
}

/** Two masked names of one object must not become one. */
function another(key: string, taken: ReadonlyMap<string, unknown>): string {
  for (let count = 2; ; count += 1) if (!taken.has(`${key} ${count}`)) return `${key} ${count}`;
}

/** One way of writing for all that mean the same: no case, no encoding, phone numbers in digits. */
function plain(written: string): string {
  const text = asMeant(written.trim()).toLowerCase();
  return /[@:a-z]|^(?:\d+\.){3}\d+$/.test(text) ? text : text.replace(/\D/g, '');
}
