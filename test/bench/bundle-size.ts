/** Bytes of each folder that is uploaded, papers included. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTIONS } from '../../infra/build/bundle.ts';
import { buildFunctions } from '../fixtures/google-world.ts';
import type { Figure } from './figure.ts';

const LIMIT_MB = 3;

export async function measureBundleSize(): Promise<readonly Figure[]> {
  const { directory, remove } = await buildFunctions();
  try {
    return FUNCTIONS.map((name): Figure => {
      const folder = join(directory, name);
      const bytes = readdirSync(folder).map((file) => statSync(join(folder, file)).size);
      const value = bytes.reduce((sum, size) => sum + size, 0) / 1_000_000;
      return {
        name: `size: ${name}`,
        value,
        unit: 'MB',
        baseline: null,
        ratio: null,
        goal: `< ${LIMIT_MB} MB`,
        met: value < LIMIT_MB,
      };
    });
  } finally {
    remove();
  }
}
