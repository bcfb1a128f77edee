/** How vitest finds and runs the tests; real Chromium and real function processes need the long timeouts. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Many tests wait for processes of their own: with one worker on two cores a core would idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    env: { NODE_ENV: 'production' },
  },
});
