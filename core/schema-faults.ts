/** The keywords of JSON Schema that `schemaFaults` knows: those that our schemas use. */
export type Schema =
  | { readonly const: unknown }
  | { readonly enum: readonly unknown[] }
  | { readonly type: 'boolean' }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'string'; readonly maxLength: number; readonly pattern: string }
  | { readonly type: 'array'; readonly maxItems: number; readonly items: Schema }
  | ObjectSchema;

interface ObjectSchema {
  readonly type: 'object';
  readonly required: readonly string[];
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, Schema>>;
}

/**
 * Everything that a schema finds wrong with a value, one sentence each behind the JSON Pointer of the place; none when it is
 * valid. A property that is undefined counts as left out.
 *
 * @see RFC 6901
 */
export function schemaFaults(schema: Schema, value: unknown, at: string = ''): string[] {
  if ('const' in schema) return value === schema.const ? [] : [`${at}: is not ${schema.const}.`];
  if ('enum' in schema) return schema.enum.includes(value) ? [] : [`${at}: is none of ${schema.enum.join(', ')}.`];
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean' ? [] : [wrongType(at, value, 'a boolean')];
    case 'integer':
      if (typeof value !== 'number') return [wrongType(at, value, 'a whole number')];
      if (Number.isInteger(value) && value >= schema.minimum && value <= schema.maximum) return [];
      return [`${at}: ${value} is no whole number from ${schema.minimum} to ${schema.maximum}.`];
    case 'string':
      if (typeof value !== 'string') return [wrongType(at, value, 'a string')];
      return textFaults(value, schema.maxLength, schema.pattern, at);
    case 'array':
      if (!Array.isArray(value)) return [wrongType(at, value, 'a list')];
      if (value.length > schema.maxItems) return [`${at}: has ${value.length} entries, more than ${schema.maxItems}.`];
      // Array.from: a hole is an entry that is undefined.
      return Array.from(value).flatMap((item, index) => schemaFaults(schema.items, item, `${at}/${index}`));
    case 'object':
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return [wrongType(at, value, 'an object')];
      return propertyFaults(schema, value, at);
  }
}

function propertyFaults(schema: ObjectSchema, value: object, at: string): string[] {
  const { properties, required } = schema;
  const given = new Map(Object.entries(value).filter(([, each]) => each !== undefined));
  const missing = required.filter((name) => !given.has(name)).map((name) => `${at}/${name}: is missing.`);
  const wrong = [...given].flatMap(([name, each]) => {
    const place = `${at}/${pointerToken(name)}`;
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return property === undefined ? [`${place}: is no property of this schema.`] : schemaFaults(property, each, place);
  });
  return [...missing, ...wrong];
}

function textFaults(text: string, maxLength: number, pattern: string, at: string): string[] {
  const faults: string[] = [];
  // A character has one or two code units: what is far too long is not counted to its end.
  const isLong = text.length > maxLength && [...text.slice(0, 2 * maxLength + 2)].length > maxLength;
  if (isLong) faults.push(`${at}: is longer than ${maxLength} characters.`);
  if (!expression(pattern).test(text)) {
    faults.push(`${at}: ${text === '' ? 'is empty' : `does not match ${pattern}`}.`);
  }
  return faults;
}

const expressions = new Map<string, RegExp>();

/** Compiled once: schemas are few and their patterns stay. */
function expression(pattern: string): RegExp {
  const known = expressions.get(pattern) ?? new RegExp(pattern, 'u');
  expressions.set(pattern, known);
  return known;
}

function wrongType(at: string, value: unknown, wanted: string): string {
  const given = value === null ? 'null' : Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
  return `${at}: is ${given}, not ${wanted}.`;
}

/** @see RFC 6901 §4 */
function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
