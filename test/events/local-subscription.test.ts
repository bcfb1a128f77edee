import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalPublisher } from '../../functions/events/local.ts';
import { createLocalSubscription } from '../../functions/events/local-subscription.ts';
import { createJsonLog } from '../../functions/logging/json-log.ts';
import { takeNotes } from '../fixtures/following.ts';
import { openLocalHub } from '../fixtures/local-hub.ts';
import { createLogLines } from '../fixtures/log-lines.ts';
import { openTestServer } from '../fixtures/open-test-server.ts';
import { anEvent, PROD, SANDBOX } from '../fixtures/tokens.ts';

const { fetch } = globalThis;

function follow(url: string, notes = takeNotes(), silenceMs = 10_000) {
  const lines = createLogLines();
  const log = createJsonLog(lines);
  const events = createLocalSubscription({ url, session: SANDBOX, fetch, log, silenceMs });
  const following = events.follow(notes);
  onTestFinished(() => following.close());
  return { notes, lines, following };
}

async function openHub() {
  const hub = await openLocalHub();
  const random = (size: number) => new Uint8Array(size).fill(7);
  const publisher = createLocalPublisher({ url: hub.url, fetch, random });
  const followed = takeNotes();
  return {
    ...hub,
    publisher,
    isFollowed: () => followed.until(() => hub.requests.includes('/events/follow')),
  };
}

describe("a follower of the local run's hub", () => {
  it('hears of events of its session and of no other', async () => {
    const hub = await openHub();
    const { notes } = follow(hub.url);
    await hub.isFollowed();
    await hub.publisher.publish(anEvent({ session: PROD, generation: 90 }));
    await hub.publisher.publish(anEvent({ generation: 8 }));
    await notes.until(({ events }) => events.length > 0);
    expect(notes.events).toMatchObject([{ session: SANDBOX, generation: 8 }]);
    expect(notes.troubles).toEqual([]);
  });

  it('finds a hub whose address ends with a slash', async () => {
    const { url, requests } = await openHub();
    const { notes } = follow(`${url}/`);
    await notes.until(() => requests.includes('/events/follow'));
  });

  it('is one of several, each of which hears everything', async () => {
    const hub = await openHub();
    const followers = [follow(hub.url), follow(hub.url)];
    await followers[0]?.notes.until(() => hub.requests.length === 2);
    await hub.publisher.publish(anEvent());
    for (const { notes } of followers) await notes.until(({ events }) => events.length === 1);
  });

  it('tells of a hub that is down, and follows again by itself', async () => {
    const hub = await openHub();
    const { notes } = follow(hub.url);
    await hub.isFollowed();
    hub.faults.change({ events: { down: true } });
    await notes.until(({ troubles }) => troubles.length === 1);
    hub.faults.clear();
    await notes.until(({ troubles }) => troubles.at(-1) === null);
    await hub.publisher.publish(anEvent());
    await notes.until(({ events }) => events.length === 1);
    expect(notes.troubles).toEqual([expect.stringContaining('does not pass on events'), null]);
  });

  it('takes lines in any pieces, and passes over what cannot be read', async () => {
    const good = Buffer.from(
      JSON.stringify({
        schemaVersion: 1,
        type: 'token-renewed',
        reason: 'sign-in',
        session: SANDBOX,
        generation: 8,
        secretVersion: 'projects/p/secrets/s/versions/3',
        issuedAt: '2026-03-09T12:31:00Z',
        accessExpiresAt: '2026-03-10T04:00:00Z',
        hardEndsAt: '2026-03-10T04:00:00Z',
      }),
    ).toString('base64');
    const line = JSON.stringify({ message: { data: good } });
    const { url } = await openTestServer(async (_req, res) => {
      for (const piece of ['no JSON\n{"message":{"data":"e30="}}\n\n', line.slice(0, 50)]) {
        res.write(piece);
        await new Promise((next) => setTimeout(next, 20));
      }
      res.write(`${line.slice(50)}\n`);
    });
    const { notes, lines } = follow(url);
    await notes.until(({ events }) => events.length === 1);
    expect(lines.entries().map(({ event }) => event)).toEqual(Array(2).fill('event-unreadable'));
  });

  it('gives up a hub that is silent, and tells of it', async () => {
    const { url } = await openTestServer(() => {});
    const { notes } = follow(url, takeNotes(), 100);
    await notes.until(({ troubles }) => troubles.length === 1);
  });

  it('survives a listener that throws', async () => {
    const hub = await openHub();
    const notes = takeNotes();
    const onEvent = (event: Parameters<typeof notes.onEvent>[0]) => {
      notes.onEvent(event);
      throw new Error('careless');
    };
    const { lines } = follow(hub.url, { ...notes, onEvent });
    await hub.isFollowed();
    await hub.publisher.publish(anEvent({ generation: 8 }));
    await hub.publisher.publish(anEvent({ generation: 9 }));
    await notes.until(({ events }) => events.length === 2);
    expect(lines.text()).toContain('event-not-followed');
  });

  it('hears nothing more once it is closed', async () => {
    const hub = await openHub();
    const { notes, following } = follow(hub.url);
    await hub.isFollowed();
    await following.close();
    await hub.publisher.publish(anEvent());
    expect(notes.events).toEqual([]);
    expect(notes.troubles).toEqual([]);
  });
});
