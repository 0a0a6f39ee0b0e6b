import type { Detector, Hit } from './hit.ts';

/** Written for the whole world: +49 30 901820, also with the plus sign encoded. */
const INTERNATIONAL = /(?<![\w+])(?:\+|%2B)[1-9](?:(?:[ ().\u00a0-]{0,2}|%20)\d){7,14}(?![\w])/gi;
/** North American: (212) 555-2368, 212-555-2368, 212.555.2368. Not with spaces alone: rows of numbers look like that. */
const NATIONAL = /(?<![\w.+-])(?:\(([2-9]\d{2})\)[ -]?|([2-9]\d{2})([.-]))([2-9]\d{2})(?:\3|(?<=\) ?\d{3})[ -])(\d{4})(?![\w]|[.-]\d)/g;
/** Any digits behind a word that says what they are. */
const NAMED = new RegExp([
  '(?<![A-Za-z])(?:[a-z]*(?:Phone|Tel|Mobile|Fax)|[Pp]hone|[Tt]elephone|[Tt]elefon|[Tt]el|[Mm]obile?|[Hh]andy|[Ff]ax|[Ww]hats[Aa]pp',
  '|(?:TELE)?PHONE|TELEFON|TEL|MOBILE?|HANDY|FAX|WHATSAPP)(?:[_ -]?(?:[Nn]umber|[Nn]o|[Nn]r|N(?:UMBER|[OR])))?',
  '(?:\\.?["\'\\\\]{0,3}\\s?[:=]|\\.(?=\\s))\\s?["\'\\\\]{0,3}',
  '((?:\\+|00|\\()?\\d(?:[ ()/.-]{0,2}\\d){5,14})(?![\\w.])',
].join(''), 'g');

/**
 * Numbers that nobody has, for films and examples: 555 of North America (NANPA: 555-0100 to 0199, and area code 555, which
 * was never given out), the United Kingdom's (Ofcom) and Germany's (Bundesnetzagentur, Mitteilung 148/2021), in digits.
 */
const FICTIONAL = [
  /^1?(?:555\d{7}|[2-9]\d{2}55501\d{2})$/,
  /^44(?:1632960|7700900|2079460|1134960|1144960|1154960|1164960|1174960|1184960|1214960|1314960|1414960|1514960|1614960|8081570|9098790|3069990)\d{3}$/,
  /^49(?:3023125|6990009|4066969|2214710|8999998)\d{2,3}$/,
];

/** Returns whether digits of a number in its international form, without the plus sign, can be somebody's. */
function isSomebodys(digits: string): boolean {
  if (digits.length < 8 || digits.length > 15 || /^(\d)\1+$/.test(digits.slice(2))) return false;
  if (digits.startsWith('1') && !/^1[2-9]\d{2}[2-9]\d{6}$/.test(digits)) return false;
  return !FICTIONAL.some((range) => range.test(digits));
}

const digitsOf = (text: string): string => text.replace(/^%2B|%20|\D/gi, '');

/** Phone numbers, but for those that are reserved for fiction. */
export const phone: Detector = {
  hint: '(?:\\+|%2B)[1-9]|\\d{3}(?:\\)[ -]?|[.-])\\d{3}[ .-]\\d{4}|phone|tel|mobil|handy|fax|whatsapp',
  find(text) {
    const hits: Hit[] = [];
    const add = (from: number, written: string): void => void hits.push({ kind: 'phone', from, to: from + written.length });
    for (const { 0: written, index } of text.matchAll(INTERNATIONAL)) if (isSomebodys(digitsOf(written))) add(index, written);
    for (const { 0: written, index } of text.matchAll(NATIONAL)) if (isSomebodys(`1${digitsOf(written)}`)) add(index, written);
    for (const { 0: whole, 1: written = '', index } of text.matchAll(NAMED)) {
      const digits = digitsOf(written);
      const [international, national] = [digits.replace(/^00/, ''), `1${digits}`];
      if (!FICTIONAL.some((range) => range.test(international) || range.test(national))) add(index + whole.length - written.length, written);
    }
    return hits;
  },
};
