/**
 * Resident memory of each function after fifty requests, against a bare hello-world of the same framework.
 *
 * Read from `/proc`; elsewhere the figure is left out by name.
 */

import { existsSync, readFileSync } from 'node:fs';
import { openBuilt } from './built.ts';
import type { Figure, Report } from './figure.ts';

const REQUESTS = 50;
const LIMIT_MIB = 128;

export async function measureMemory(report: Report): Promise<readonly Figure[]> {
  if (!existsSync('/proc/self/status')) {
    report('left out: this system has no /proc');
    return [];
  }
  const built = await openBuilt();
  try {
    const { hello, signIn, health, keepAlive, alert } = built.candidates;
    const figures: Figure[] = [];
    let baseline: Figure['baseline'] = null;
    for (const candidate of [hello, signIn, health, keepAlive, alert]) {
      const running = await built.start(candidate);
      for (let request = 0; request < REQUESTS; request += 1) await built.ask(running, candidate);
      const value = residentMiB(running.child.pid ?? 0);
      await running.stop();
      if (baseline === null) {
        baseline = { name: candidate.name, value };
        continue;
      }
      figures.push({
        name: `memory: ${candidate.folder}`,
        value,
        unit: 'MiB',
        baseline,
        ratio: value / baseline.value,
        goal: `< ${LIMIT_MIB} MiB`,
        met: value < LIMIT_MIB,
      });
    }
    return figures;
  } finally {
    await built.close();
  }
}

function residentMiB(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
