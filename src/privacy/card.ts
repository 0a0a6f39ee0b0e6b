import type { Detector, Hit } from './hit.ts';

/** Digits at one stretch, or grouped as on a card; never the rest of a fraction, of an id, or of a longer row of numbers. */
const SEPARATOR = '(?:[ .+\\u00a0-]|%20)';
const BEFORE = '(?<![A-Za-z0-9_]|[A-Za-z0-9][.,-]|\\d[ +])';
const CARD = new RegExp([
  `${BEFORE}(?:`,
  `[2-6]\\d{3}(${SEPARATOR})\\d{4}\\1\\d{4}\\1\\d{4}(?:\\1\\d{3})?`,
  `|3\\d{3}(${SEPARATOR})\\d{6}\\2\\d{4,5}`,
  '|[2-6]\\d{13,18}',
  ')(?![A-Za-z0-9_]|-[A-Za-z0-9]|[., +]\\d)',
].join(''), 'g');

/** Where the numbers of the large schemes begin, and how long they are (ISO/IEC 7812 and the schemes' own pages). */
const SCHEMES: readonly [starts: RegExp, digits: readonly number[]][] = [
  [/^4/, [16, 19]],
  [/^5[1-5]/, [16]],
  [/^2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14]],
  [/^6(?:011|4[4-9]|5)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, [16, 18, 19]],
];

/** Numbers that payment providers print in their documentation for tests: nobody's card. */
const TEST_NUMBERS = new Set([
  '4111111111111111', '4242424242424242', '4012888888881881', '4000056655665556', '4917610000000000', '4988438843884305',
  '5555555555554444', '5105105105105100', '5200828282828210', '5454545454545454', '5431111111111111',
  '2223003122003222', '2223000048410010', '2222400070000005', '378282246310005', '371449635398431', '378734493671000', '370000000000002',
  '6011111111111117', '6011000990139424', '6011981111111113', '6555900000604105', '3056930009020004', '30569309025904', '36227206271667',
  '38520000023237', '36006666333344', '3566002020360505', '3530111333300000', '3566111111111113', '6200000000000005',
  '6200000000000047', '6205500000000000004', '6304000000000000', '6759649826438453',
]);
/** Stripe's, by outcome and by country: https://docs.stripe.com/testing */
const TEST_RANGES = /^4000\d{4}0000\d{4}$|^400000\d{3}0000\d{3}$|^400000\d{6}0{3}\d$/;

/** Returns whether digits carry the check digit of ISO/IEC 7812 (Luhn). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
}

/** Returns whether these digits are the number of a card that somebody could have. */
export function isCardNumber(digits: string): boolean {
  if (TEST_NUMBERS.has(digits) || TEST_RANGES.test(digits)) return false;
  return SCHEMES.some(([starts, lengths]) => lengths.includes(digits.length) && starts.test(digits)) && passesLuhn(digits);
}

/** Numbers of payment cards, but for the public test numbers. */
export const card: Detector = {
  hint: `${BEFORE}[2-6]\\d{3}(?:\\d{10}|${SEPARATOR}\\d{4})`,
  find(text) {
    const hits: Hit[] = [];
    for (const { 0: number, index } of text.matchAll(CARD)) {
      if (isCardNumber(number.replace(/%20|\D/g, ''))) hits.push({ kind: 'card', from: index, to: index + number.length });
    }
    return hits;
  },
};
