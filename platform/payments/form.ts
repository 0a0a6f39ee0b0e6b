/** A request body or query of Stripe's kind: flat values plus one level of `name[key]`. */
export interface Form {
  text: Record<string, string>;
  nested: Record<string, Record<string, string>>;
}

/** Parses `a=1&metadata[run_id]=x`. Own code: Node's URLSearchParams has no brackets, and one level is all we need. */
export function parseForm(body: string): Form {
  const form: Form = { text: Object.create(null) as Form['text'], nested: Object.create(null) as Form['nested'] };
  for (const [name, value] of new URLSearchParams(body)) {
    const match = /^([^[\]]+)\[([^[\]]*)\]$/.exec(name);
    if (match === null) form.text[name] = value;
    else {
      const group = (form.nested[match[1] ?? ''] ??= Object.create(null) as Record<string, string>);
      group[match[2] === '' ? String(Object.keys(group).length) : (match[2] ?? '')] = value;
    }
  }
  return form;
}
