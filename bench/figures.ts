/** How fast somebody did something. */
export interface Row {
  /** Who: `sipmend`, or what it is compared with. */
  readonly name: string;
  readonly operation: string;
  readonly perSecond: number;
  /** Its rate divided by ours, of the same operation in the same run. */
  readonly ratioToOurs: number;
}

/** A figure that is wanted, and the one that was found. Missing it is no error: machines differ. */
export interface Goal {
  readonly name: string;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly value: number;
  readonly met: boolean;
}

/** The name that our rows carry. */
export const ours = 'sipmend';

export function atLeast(atLeast: number, unit: string, name: string, value: number): Goal {
  return { name, unit, atLeast, value, met: value >= atLeast };
}

export function atMost(atMost: number, unit: string, name: string, value: number): Goal {
  return { name, unit, atMost, value, met: value <= atMost };
}

/** Rates as rows: who → operation → rate. What we do not do stands beside nothing and is left out. */
export function rowsOf(rates: ReadonlyMap<string, ReadonlyMap<string, number>>): Row[] {
  const rows: Row[] = [];
  for (const [operation, own] of rates.get(ours) ?? []) {
    for (const [name, of] of rates) {
      const perSecond = of.get(operation);
      if (perSecond !== undefined) rows.push({ name, operation, perSecond, ratioToOurs: perSecond / own });
    }
  }
  return rows;
}

/** Rows and goals as people read them. */
export function tableOf(rows: readonly Row[], goals: readonly Goal[]): string {
  const lines = rows.map(({ name, operation, perSecond, ratioToOurs }) => {
    const ratio = name === ours ? '' : `${ratioToOurs.toFixed(2)} of ours`;
    return `  ${operation.padEnd(34)}${name.padEnd(24)}${rounded(perSecond).padStart(12)}/s  ${ratio}`.trimEnd();
  });
  const verdicts = goals.map(({ name, unit, atLeast, atMost, value, met }) => {
    const goal = atLeast === undefined ? `≤ ${rounded(atMost ?? 0)}` : `≥ ${rounded(atLeast)}`;
    return `  ${met ? 'met   ' : 'missed'}  ${name.padEnd(50)}${rounded(value).padStart(12)} ${unit}, goal ${goal}`;
  });
  return [...lines, '', ...verdicts].join('\n');
}

function rounded(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 });
}
