/**
 * What every event publisher promises, whatever carries its events.
 *
 * A harness knows how to receive, and how to make its service refuse, vanish and come back.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventError } from '../../functions/errors.ts';
import type { EventPublisher } from '../../functions/events/event-publisher.ts';
import { decodeTokenRenewed } from '../../functions/events/message.ts';
import type { TokenRenewed } from '../../functions/lifecycle/events.ts';
import { describeError } from '../../functions/logging/describe-error.ts';
import { validate } from '../fixtures/event-schema.ts';
import { sessionKey } from '../fixtures/records.ts';
import { anEvent, PROD } from '../fixtures/tokens.ts';

export type ReceivedEvent = {
  readonly attributes: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly data: string;
};

export type EventHarness = {
  readonly publisher: EventPublisher;
  /** Longest time that one publish may take. */
  readonly patienceMs: number;
  /** The `count` events that a consumer gets next, and any others that are there with them. */
  readonly receive: (count: number) => Promise<readonly ReceivedEvent[]>;
  /** The service is there, and says no for good. */
  readonly refuse: () => Promise<void>;
  /** Nobody answers any more. */
  readonly vanish: () => Promise<void>;
  /** All is well again. */
  readonly mend: () => Promise<void>;
  readonly close: () => Promise<void>;
};

async function failureOf(promise: Promise<unknown>): Promise<EventError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EventError);
  return error as EventError;
}

function generationsOf(received: readonly ReceivedEvent[]): number[] {
  return received
    .map(({ data }) => {
      const decoded = decodeTokenRenewed(data);
      if (!decoded.ok) throw new Error(`an event that does not read: ${decoded.reason}`);
      return decoded.event.generation;
    })
    .sort((a, b) => a - b);
}

export function describeEventPublisher(
  name: string,
  makeHarness: () => Promise<EventHarness>,
): void {
  describe(`event publisher: ${name}`, () => {
    let harness: EventHarness;
    let publisher: EventPublisher;

    beforeEach(async () => {
      harness = await makeHarness();
      ({ publisher } = harness);
    });

    afterEach(async () => {
      await harness.close();
    });

    it('brings one event, with attributes to filter by and data that fits the schema', async () => {
      const event = anEvent({ session: sessionKey('etrade-prod-ira') });
      await publisher.publish(event);
      const received = await harness.receive(1);
      expect(received).toHaveLength(1);
      const [{ attributes, data } = { attributes: {}, data: '' }] = received;
      expect(attributes).toEqual({
        session: 'etrade-prod-ira',
        broker: 'etrade',
        environment: 'prod',
        type: 'token-renewed',
      });
      expect(validate(JSON.parse(data)), JSON.stringify(validate.errors)).toBe(true);
      expect(decodeTokenRenewed(data)).toEqual({
        ok: true,
        event: {
          ...event,
          secretVersion: expect.stringMatching(
            /^projects\/[^/]+\/secrets\/etrade-prod-ira-session\/versions\/12$/,
          ),
        },
      });
    });

    it('brings every one of many published at once', async () => {
      const generations = [1, 2, 3, 4, 5, 6, 7, 8];
      await Promise.all(
        generations.map((generation) => publisher.publish(anEvent({ generation }))),
      );
      expect(generationsOf(await harness.receive(8))).toEqual(generations);
    });

    it('brings an event as often as it is published', async () => {
      await publisher.publish(anEvent());
      await publisher.publish(anEvent());
      expect(generationsOf(await harness.receive(2))).toEqual([7, 7]);
    });

    it('sends nothing that names no session key', async () => {
      const wrong = anEvent({ session: 'etrade' as TokenRenewed['session'] });
      expect(await failureOf(publisher.publish(wrong))).toMatchObject({
        code: 'EVENTS_REFUSED',
        retryable: false,
      });
      await publisher.publish(anEvent({ generation: 8 }));
      expect(generationsOf(await harness.receive(1))).toEqual([8]);
    });

    it('tells a refusal from an outage', async () => {
      await harness.refuse();
      expect(await failureOf(publisher.publish(anEvent()))).toMatchObject({
        code: 'EVENTS_REFUSED',
        retryable: false,
      });
    });

    it('fails in bounded time when nobody answers', async () => {
      await harness.vanish();
      const startedAt = performance.now();
      expect(await failureOf(publisher.publish(anEvent()))).toMatchObject({
        code: 'EVENTS_UNAVAILABLE',
        retryable: true,
      });
      expect(performance.now() - startedAt).toBeLessThan(harness.patienceMs);
    });

    it.each(['refuse', 'vanish'] as const)(
      'works again once the service does, after it had come to %s',
      async (trouble) => {
        await publisher.publish(anEvent({ generation: 1 }));
        expect(generationsOf(await harness.receive(1))).toEqual([1]);
        await harness[trouble]();
        await failureOf(publisher.publish(anEvent({ generation: 2 })));
        await harness.mend();
        await publisher.publish(anEvent({ generation: 3 }));
        expect(generationsOf(await harness.receive(1))).toContain(3);
      },
    );

    it.each(['refuse', 'vanish'] as const)(
      'says what is wrong without the event, when the service comes to %s',
      async (trouble) => {
        await harness[trouble]();
        const error = await failureOf(
          publisher.publish(anEvent({ session: PROD, generation: 7_777_777 })),
        );
        expect(error.message).not.toBe('');
        const described = JSON.stringify([describeError(error), describeError(error.cause)]);
        expect(described).not.toMatch(/7777777|etrade/);
      },
    );
  });
}
