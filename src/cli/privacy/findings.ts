import type { PrivacyReport, PrivateFind } from '../../model/index.ts';
import { maskedForm } from '../../privacy/masked.ts';
import type { Redactor } from '../../privacy/redactor.ts';

/** So many stand in privacy.json: who has more than that needs no longer list. */
const MOST_FINDS = 200;

/** Where text comes from. */
export interface Place {
  file: string;
  /** Of the text's first character, from 1; null in a file without lines. */
  line: number | null;
}

/** What a scan has found so far. */
export class Findings {
  readonly #redactor: Redactor;
  readonly #finds: PrivateFind[] = [];
  readonly #unread = new Map<string, string>();
  #found = 0;
  files = 0;
  bytes = 0;
  pictures = 0;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** Looks through a text. `secretsOnly` where other finds would be chance, as in compressed data. */
  look(text: string, { file, line }: Place, secretsOnly = false): void {
    let at = 0;
    let lines = 0;
    for (const { kind, from, to } of this.#redactor.find(text)) {
      if (secretsOnly && kind !== 'secret') continue;
      this.#found += 1;
      if (this.#finds.length >= MOST_FINDS) continue;
      for (let next = text.indexOf('\n', at); next !== -1 && next < from; next = text.indexOf('\n', at)) {
        at = next + 1;
        lines += 1;
      }
      this.#finds.push({ kind, file: this.name(file), line: line === null ? null : line + lines, masked: maskedForm(kind, text.slice(from, to)) });
    }
  }

  /** Only the first reason counts. */
  unread(file: string, why: string): void {
    if (!this.#unread.has(file)) this.#unread.set(file, why);
  }

  /** A file's name may hold what its lines may not. */
  name(file: string): string {
    return this.#redactor.text(file);
  }

  report(): PrivacyReport {
    const unread = Array.from(this.#unread, ([file, why]) => ({ file: this.name(file), why }));
    return {
      schemaVersion: 1,
      publishing: this.#found > 0 || unread.length > 0 ? 'NO-GO' : 'GO',
      files: this.files, bytes: this.bytes, finds: this.#finds, found: this.#found,
      pictures: this.pictures, allowed: [...this.#redactor.allowed], unread,
    };
  }
}
