// RFC 4180. Own code: none of our dependencies reads CSV, and this is all there is to it.

/** A record and the line of the file on which it begins. */
export interface CsvRecord {
  line: number;
  fields: string[];
}

/** Reads records; empty lines are left out. Throws RangeError where a quote is not closed or stands within a field. */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  const pattern = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  let fields: string[] = [];
  let line = 1;
  let begun = 1;
  while (pattern.lastIndex <= text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new RangeError(`line ${line}: a quote that is not closed, or not doubled`);
    const [whole, quoted, plain = '', end = ''] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.match(/\r\n|\r|\n/g)?.length ?? 0;
    if (end === ',') continue;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: begun, fields });
    fields = [];
    begun = line;
    if (end === '' || at + whole.length === text.length) break;
  }
  return records;
}
