/**
 * The front of every simulator: reads a request, applies the faults, counts, sends.
 *
 * Knows no broker: what a request means and what an answer says is handed in. Made by each simulator.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Wait } from '../../../functions/clock.ts';
import { edgeAnswer } from './edge.ts';
import { type Answer, readBody, sendAnswer } from './http-answer.ts';
import type { BrokerStats } from './simulator.ts';
import type { FaultSwitches } from './switches.ts';

export type FrontOptions = {
  readonly clock: Clock;
  readonly wait: Wait;
  readonly switches: () => FaultSwitches;
  /** What stands in for the answer while a fault of the broker says so. */
  readonly faultAnswer: (endpoint: string) => Answer | null;
  readonly tooLarge: () => Answer;
  /** Keeps what an answer has changed; called before the answer is sent. */
  readonly save: () => void;
};

export function createFront(options: FrontOptions) {
  const { clock, wait, faultAnswer, tooLarge, save } = options;
  const calls = new Map<string, Map<string, number>>();

  function count(endpoint: string, outcome: string): void {
    const outcomes = calls.get(endpoint) ?? new Map<string, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    calls.set(endpoint, outcomes);
  }

  return {
    /** Answers one request; `answer` is asked once, with the body, unless a fault comes first. */
    async serve(
      req: IncomingMessage,
      res: ServerResponse,
      endpoint: string,
      answer: (body: string) => Answer,
    ): Promise<void> {
      const switches = options.switches();
      const faulty = switches.faultOn === 'all' || switches.faultOn === endpoint;
      const cut = (): void => {
        count(endpoint, 'cut');
        req.socket.destroy();
      };
      const send = (given: Answer): void => {
        count(endpoint, String(given.status));
        sendAnswer(res, given, clock() + options.switches().clockSkewMs);
      };

      if (faulty && switches.down) return cut();
      const body = await readBody(req);
      if (faulty && switches.slowMs > 0) await wait(switches.slowMs);
      if (!body.ok) return body.reason === 'gone' ? cut() : send(tooLarge());
      const fault = faulty ? (edgeAnswer(switches.edge) ?? faultAnswer(endpoint)) : null;
      if (fault !== null) return send(fault);

      const given = answer(body.text);
      save();
      if (faulty && switches.loseAnswer) return cut();
      send(given);
    },

    calls: (): BrokerStats['calls'] =>
      Object.fromEntries(
        [...calls].map(([endpoint, outcomes]) => [endpoint, Object.fromEntries(outcomes)]),
      ),
  };
}
