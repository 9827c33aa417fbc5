/** Host and port of a URI, or of the URI in a Route or Contact: `10.0.0.1:5060`. The text itself where there is none. */
export function hostPortOf(text: string): string {
  return /sips?:(?:[^@;>]*@)?([^;>?,]+)/.exec(text)?.[1] ?? text;
}
