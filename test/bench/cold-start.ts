/**
 * Cold start: from spawning the process to its first answer, each bundle against a bare hello-world of the
 * same framework. Interleaved, so that whatever else the machine does hits all alike.
 */

import { openBuilt } from './built.ts';
import { compared, type Figure, median, type Report } from './figure.ts';

const RUNS = 21;

export async function measureColdStart(report: Report): Promise<readonly Figure[]> {
  const built = await openBuilt();
  try {
    const { hello, stranger, signIn, health, keepAlive, alert } = built.candidates;
    const candidates = [hello, stranger, signIn, health, keepAlive, alert];
    const times = new Map(candidates.map(({ name }) => [name, [] as number[]]));
    for (let run = -1; run < RUNS; run += 1) {
      for (const candidate of candidates) {
        const startedAt = performance.now();
        const running = await built.start(candidate);
        await built.ask(running, candidate);
        const took = performance.now() - startedAt;
        await running.stop();
        // The first round fills the machine's file cache.
        if (run >= 0) times.get(candidate.name)?.push(took);
      }
      if (run % 5 === 4) report(`${run + 1} of ${RUNS} rounds`);
    }
    const of = (name: string): number => median(times.get(name) ?? []);
    const baseline = { name: hello.name, value: of(hello.name) };
    const goals = new Map([
      [stranger.name, 1.05],
      [signIn.name, 1.05],
      [health.name, 1.6],
    ]);
    return candidates.slice(1).map(({ name }) => {
      const atMost = goals.get(name);
      const note = name === signIn.name ? 'reads the session as well, as health-check does' : null;
      return compared({
        name: `cold start: ${name}`,
        value: of(name),
        unit: 'ms',
        baseline,
        ...(atMost === undefined ? {} : { atMost }),
        ...(note === null ? {} : { note }),
      });
    });
  } finally {
    await built.close();
  }
}
