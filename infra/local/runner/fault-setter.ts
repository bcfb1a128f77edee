/**
 * Sets faults where they belong: the simulators' switches, the Telegram stand-in, and the file that all
 * other parts read. Refuses a change as a whole when any of it is wrong.
 *
 * Called by the control API.
 */

import { z } from 'zod';
import type { Clock } from '../../../functions/clock.ts';
import type { Activity } from '../activity.ts';
import type { GoogleEmulators } from '../emulators/google.ts';
import type { FaultChange, FaultsEditor } from '../faults.ts';
import { type TelegramStandIn, telegramFault } from '../telegram.ts';
import type { BrokerHost } from './brokers.ts';
import type { ControlOptions } from './control.ts';

export type FaultSetterOptions = {
  readonly faults: FaultsEditor;
  /** `null` with a real broker. */
  readonly brokers: Pick<BrokerHost, 'setSwitches'> | null;
  /** `null` with a real bot. */
  readonly telegram: Pick<TelegramStandIn, 'setFault'> | null;
  /** `null` without emulators. */
  readonly google: Pick<GoogleEmulators, 'setLag'> | null;
  readonly clock: Clock;
  readonly onActivity: (activity: Activity) => void;
};

export function createFaultSetter(options: FaultSetterOptions): ControlOptions['setFaults'] {
  const { faults, brokers, telegram, google, clock, onActivity } = options;

  return (change: FaultChange) => {
    const messenger = telegramFault.nullable().safeParse(change.telegram ?? null);
    if (!messenger.success) return wrong(`telegram:\n${z.prettifyError(messenger.error)}`);
    if (change.telegram && telegram === null) return wrong('The real Telegram cannot be broken');
    if (change.broker && brokers === null) return wrong('The real broker cannot be broken');
    const lagMs = change.store?.lagMs;
    if (lagMs !== undefined && google === null) {
      return wrong('store: only Secret Manager lags; start with --emulators');
    }
    if (change.broker !== undefined) {
      try {
        brokers?.setSwitches(change.broker ?? {});
      } catch (error) {
        return wrong(`broker: ${error instanceof Error ? error.message : 'refused'}`);
      }
    }
    if (change.telegram !== undefined) telegram?.setFault(messenger.data);
    if (change.store !== undefined) google?.setLag(lagMs ?? 0);
    faults.change(change);
    onActivity({ kind: 'faults', at: clock(), parts: Object.keys(change) });
    return { ok: true, faults: faults.all() };
  };
}

function wrong(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
