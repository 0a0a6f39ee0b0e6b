/** An error in S3's words (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
export class S3Fault extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// White space as references, so that no reader folds it. What XML cannot hold at all is refused as a key (server.ts).
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string =>
  text.replace(/[&<>"\r\n\t]/g, (sign) => ENTITIES[sign] ?? `&#${sign.charCodeAt(0)};`);

/** Text, several elements of the same name, or an element with others in it; undefined leaves it out. */
export type Xml = string | number | boolean | undefined | Xml[] | { [name: string]: Xml };

function element(name: string, content: Xml): string {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((one) => element(name, one)).join('');
  const inner = typeof content === 'object'
    ? Object.entries(content).map(([child, value]) => element(child, value)).join('') : escaped(String(content));
  return `<${name}>${inner}</${name}>`;
}

/** An XML document of one element, in S3's namespace unless it is an error. */
export function document(name: string, content: Xml): string {
  const text = element(name, content);
  const namespaced = name === 'Error' ? text
    : text.replace(`<${name}>`, `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${namespaced}`;
}
