import type { Missing, Parser } from '../parser.ts';

/** Loads npm's rivals: an installed package of ours has none of them beside it. */
export async function loadRivals(): Promise<readonly (Parser | Missing)[]> {
  return [
    await load('sip', async () => (await import('./sip.ts')).loadSip()),
    await load('drachtio-srf', async () => (await import('./drachtio-srf.ts')).loadDrachtioSrf()),
    await load('jssip', async () => (await import('./jssip.ts')).loadJssip()),
    await load('sip.js', async () => (await import('./sip-js.ts')).loadSipJs()),
  ];
}

async function load(name: string, parser: () => Promise<Parser>): Promise<Parser | Missing> {
  try {
    return await parser();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return { name, missing: `not installed: npm install ${name}` };
  }
}
