/** The three trading workers of the local run, as they call themselves. */

export const WORKER_NAMES = ['orb-bot', 'rebalancer', 'scalper'] as const;

export type WorkerName = (typeof WORKER_NAMES)[number];
