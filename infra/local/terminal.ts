/**
 * Writing to the person's terminal: colour only where there is one, times as the market reads them.
 *
 * The only file of the local run's commands that writes to stdout. Used by `start.ts` and `day.ts`.
 */

import { styleText } from 'node:util';
import { DateTime } from 'luxon';
import type { Tone } from './narrate.ts';

const NEW_YORK = 'America/New_York';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan';

export type Terminal = {
  readonly hasColour: boolean;
  readonly line: (text?: string) => void;
  readonly error: (text: string) => void;
  readonly paint: (style: Style, text: string) => string;
};

export function createTerminal(
  out: NodeJS.WriteStream = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const hasColour = out.isTTY === true && env['NO_COLOR'] === undefined;
  return {
    hasColour,
    line: (text = '') => void out.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    paint: (style, text) => (hasColour ? styleText(style, text, { validateStream: false }) : text),
  };
}

export function paintTone(terminal: Terminal, tone: Tone, text: string): string {
  if (tone === 'good') return terminal.paint('green', text);
  if (tone === 'bad') return terminal.paint('red', text);
  return tone === 'quiet' ? terminal.paint('dim', text) : text;
}

/** `09:31:07`, in New York unless told otherwise. */
export function timeOf(at: number, zone = NEW_YORK): string {
  return DateTime.fromMillis(at, { zone }).toFormat('HH:mm:ss');
}

/** `Mon 9 Mar 2026, 08:29 New York` */
export function momentOf(at: number, zone = NEW_YORK): string {
  const local = DateTime.fromMillis(at, { zone, locale: 'en' });
  const city = zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone;
  return `${local.toFormat('ccc d LLL yyyy, HH:mm')} ${city}`;
}
