/**
 * Puts what a file of settings holds into the environment, where that does not have it already.
 *
 * Never shows a value.
 */

import { readFileSync } from 'node:fs';
import { readSettingsText } from '../../functions/cli/settings-file.ts';

/** @throws ConfigError naming lines by number */
export function loadSettings(file: string, env: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value] of Object.entries(readSettingsText(readFileSync(file), file))) {
    env[name] ??= value;
  }
}
