/**
 * Who opened a link, as far as a log may know: the kind of browser in our own words, and the address under a
 * keyed hash, which tells two apart and names neither.
 *
 * Pure. Quotes nothing of the headers.
 */

import { createHmac } from 'node:crypto';

export type LinkOpener = {
  /** `Safari on iPhone`, `link preview`, `program`, `unknown`. */
  readonly browser: string;
  /** The same for the same address until `linkKey` is replaced; `null` where none is known. */
  readonly address: string | null;
};

export function openerOf(headers: Headers, key: Uint8Array): LinkOpener {
  // Everything but the last entry is what the caller says of itself.
  const address = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  return {
    browser: browserOf(headers.get('user-agent') ?? ''),
    address:
      address === ''
        ? null
        : createHmac('sha256', key).update(address).digest('base64url').slice(0, 12),
  };
}

const PREVIEW = /(?<!cu)bot\b|crawl|spider|preview|facebookexternalhit|whatsapp/i;
const PROGRAM =
  /^(curl|wget|python|aiohttp|node|undici|axios|okhttp|java|go-http-client|postmanruntime)\b|HeadlessChrome/i;

/** The first that fits: later names stand in the headers of earlier ones. */
const BROWSERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/Telegram/, 'Telegram'],
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\bOP(R|T)\/|\bOpera\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\/|\biPhone\b|\biPad\b/, 'Safari'],
];

const SYSTEMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMacintosh\b/, 'Mac'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

function browserOf(agent: string): string {
  if (PREVIEW.test(agent)) return 'link preview';
  if (PROGRAM.test(agent)) return 'program';
  const browser = nameIn(BROWSERS, agent);
  const system = nameIn(SYSTEMS, agent);
  if (browser === null) return 'unknown';
  return system === null ? browser : `${browser} on ${system}`;
}

function nameIn(
  names: readonly (readonly [pattern: RegExp, name: string])[],
  agent: string,
): string | null {
  return names.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
}
