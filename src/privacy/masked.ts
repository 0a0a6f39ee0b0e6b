import type { PrivateKind } from '../model/index.ts';
import { asMeant } from './unescaped.ts';

const stars = '***';

/** Returns enough of something private to find it by, and not enough to know it: `a***@b***.com`. */
export function maskedForm(kind: PrivateKind, text: string): string {
  switch (kind) {
    case 'email': {
      const [local = '', domain = ''] = asMeant(text).split('@');
      return `${first(local)}${stars}@${first(domain)}${stars}.${domain.split('.').at(-1) ?? ''}`;
    }
    case 'card':
      return `${stars}${text.slice(-4)}`;
    case 'phone':
      // Of a short number, more would be most of it.
      return `${text.length < 10 ? '' : text.slice(0, 3)}${stars}${text.slice(-2)}`;
    case 'ip':
      return text.includes(':') ? `${text.split(':')[0] ?? ''}:${stars}` : text.replace(/\.\d+\.\d+$/, '.*.*');
    case 'token':
      return `${text.slice(0, Math.min(4, Math.floor(text.length / 4)))}${stars}`;
    case 'secret':
      return stars;
  }
}

function first(text: string): string {
  return Array.from(text)[0] ?? '';
}
