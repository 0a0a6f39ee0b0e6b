import type { Detector, Hit } from './hit.ts';

/** Tokens that say themselves what they are, by what begins them. */
const SHAPES = new RegExp([
  'eyJ[\\w-]{8,512}\\.eyJ[\\w-]{8,8192}(?:\\.[\\w-]*)?',
  '[sr]k_live_\\w{8,}', 'pk_live_\\w{8,}', 'whsec_\\w{16,}',
  '(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z+/=])',
  'gh[opsur]_[A-Za-z0-9]{30,}', 'github_pat_\\w{30,}', 'glpat-[\\w-]{20,}', 'npm_[A-Za-z0-9]{36}',
  'xox[abeprs]-[\\w-]{10,}', 'AIza[\\w-]{35}(?![\\w-])', 'sk-(?:ant-|proj-)[\\w-]{20,}', 'sk-[A-Za-z0-9]{40,}', 'SG\\.[\\w-]{16,}\\.[\\w-]{16,}',
].map((shape) => `(?:${shape})`).join('|'), 'g');
/** As far as the key's lines go, also where its end was cut off. */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[\w+/=\s\\:,.]|-(?!----)){0,20000}(?:-----END (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----)?/g;
const SCHEME = /\b(Bearer|Basic)(?: +|%20|\+)([A-Za-z0-9+/_.~-]{8,}={0,2})/gi;
/** `https://user:password@host`; a mask in the password's place is none. */
const IN_ADDRESS = /(?<=\w:\/\/)[^\s/@:"'<>\\]{1,128}:(?!\*+@|\[)[^\s/@"'<>\\]{1,128}(?=@[\w[])/g;
/** What stands behind a secret's name. */
const NAME = '(?:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api|access|private|signing|secret)[_-]?key|credentials?|authorization'
  + '|session(?:[_-]?id)?)["\'\\\\]{0,4}\\s{0,2}(?:[:=]|%3D)';
const NAMED = new RegExp(`${NAME}\\s{0,2}["'\\\\]{0,4}([A-Za-z0-9+/_.~-]{16,512}={0,2})`, 'gi');
/** Bits a character: random letters and digits have 4 and more at this length, words about 3. */
const LEAST_ENTROPY_BITS = 3.2;

/** Returns the Shannon entropy of a text in bits a character. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Returns whether a value looks drawn by chance: letters and digits in no order; no words, no path, no member of an object. */
function looksRandom(value: string): boolean {
  const digits = value.replace(/\D/g, '').length;
  const letters = value.replace(/[^A-Za-z]/g, '').length;
  // A persona's password says itself that it opens nothing of anybody's (fixtures/personas.ts).
  if (digits < 2 || letters < 4 || /^[/.]|:\/\/|^load-test-/.test(value)) return false;
  // settings.apiKey2, chromium-headless-shell-153: names, however long.
  if (/^[A-Za-z_]+\d{0,3}(?:[./_-][A-Za-z_]*\d{0,3})*$/.test(value)) return false;
  return entropyBits(value) >= LEAST_ENTROPY_BITS;
}

/** Returns whether what follows `Basic` is a name and a password. */
function isBasic(value: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(value) && /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(value, 'base64').toString('latin1'));
}

/** Tokens, keys and credentials, by their shape or by the name that they stand behind. */
export const token: Detector = {
  hint: 'eyJ|k_live_|whsec_|AKIA|ASIA|gh[opsur]_|github_pat_|glpat-|npm_|xox|AIza|sk-|SG\\.|PRIVATE KEY|bearer[ %+]|basic[ %+]'
    + `|:\\/\\/[^\\s/@]+@|${NAME}`,
  find(text) {
    const hits: Hit[] = [];
    const add = (from: number, length: number): void => void hits.push({ kind: 'token', from, to: from + length });
    for (const { 0: whole, index } of text.matchAll(SHAPES)) if (whole.startsWith('eyJ') || !/\w/.test(text[index - 1] ?? '')) add(index, whole.length);
    for (const { 0: whole, index } of text.matchAll(PRIVATE_KEY)) add(index, whole.length);
    for (const { 0: whole, index } of text.matchAll(IN_ADDRESS)) add(index, whole.length);
    for (const { 0: whole, 1: scheme = '', 2: value = '', index } of text.matchAll(SCHEME)) {
      if (looksRandom(value) || (/basic/i.test(scheme) && isBasic(value))) add(index + whole.length - value.length, value.length);
    }
    for (const { 0: whole, 1: value = '', index } of text.matchAll(NAMED)) {
      if (looksRandom(value)) add(index + whole.length - value.length, value.length);
    }
    return hits;
  },
};
