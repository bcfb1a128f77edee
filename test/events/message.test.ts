import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTokenRenewed, encodeTokenRenewed } from '../../functions/events/message.ts';
import type { TokenRenewed } from '../../functions/lifecycle/events.ts';
import { events } from '../fixtures/arbitraries.ts';
import { room, schema, validate } from '../fixtures/event-schema.ts';
import { sessionKey } from '../fixtures/records.ts';
import { anEvent } from '../fixtures/tokens.ts';

const nameOf = (event: TokenRenewed) =>
  `projects/my-project/secrets/${event.session}-session/versions/${event.version}`;
const encoded = (event: TokenRenewed) => encodeTokenRenewed(event, nameOf(event));
const dataOf = (event: TokenRenewed) => JSON.parse(encoded(event).data) as Record<string, unknown>;

describe('a published event', () => {
  it('has exactly these fields and attributes', () => {
    const event = anEvent({ session: sessionKey('etrade-prod-ira') });
    expect(encoded(event).attributes).toEqual({
      session: 'etrade-prod-ira',
      broker: 'etrade',
      environment: 'prod',
      type: 'token-renewed',
    });
    expect(dataOf(event)).toEqual({
      schemaVersion: 1,
      type: 'token-renewed',
      reason: 'sign-in',
      session: 'etrade-prod-ira',
      generation: 7,
      secretVersion: 'projects/my-project/secrets/etrade-prod-ira-session/versions/12',
      issuedAt: '2026-03-09T12:31:00.000Z',
      accessExpiresAt: '2026-03-10T04:00:00.000Z',
      hardEndsAt: '2026-03-10T04:00:00.000Z',
      idleLimitSeconds: 7200,
    });
  });

  it('says null where idling does no harm', () => {
    expect(dataOf(anEvent({ idleLimitMs: null }))['idleLimitSeconds']).toBeNull();
  });

  it('never claims a longer idle limit than there is', () => {
    expect(dataOf(anEvent({ idleLimitMs: 1999 }))['idleLimitSeconds']).toBe(1);
  });

  it('fits the schema, with all of its fields and no others', () => {
    fc.assert(
      fc.property(events, (event) => {
        const data = dataOf(event);
        expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
        expect(Object.keys(data).sort()).toEqual(Object.keys(schema.properties).sort());
      }),
    );
  });

  it('carries nothing but its own fields, whatever else hangs on the event', () => {
    const careless = { ...anEvent(), accessToken: 'canary', token: { secret: 'canary' } };
    expect(JSON.stringify(encoded(careless))).not.toContain('canary');
  });

  it('is not written for something that is no session key', () => {
    const wrong = anEvent({ session: 'etrade' as TokenRenewed['session'] });
    expect(() => encoded(wrong)).toThrow(
      expect.objectContaining({ code: 'EVENTS_REFUSED', retryable: false }),
    );
  });
});

describe('a received event', () => {
  it('is what was published, in text, in bytes and parsed', () => {
    fc.assert(
      fc.property(events, (event) => {
        const expected = { ok: true, event: { ...event, secretVersion: nameOf(event) } };
        const { data } = encoded(event);
        expect(decodeTokenRenewed(data)).toEqual(expected);
        expect(decodeTokenRenewed(Buffer.from(data))).toEqual(expected);
        expect(decodeTokenRenewed(JSON.parse(data))).toEqual(expected);
      }),
    );
  });

  it('is read with fields that a later release has added', () => {
    const data = { ...dataOf(anEvent()), urgency: 'high' };
    expect(decodeTokenRenewed(data)).toMatchObject({ ok: true });
    expect(validate(data)).toBe(true);
  });

  it.each([
    { what: 'no JSON', data: '{"schemaVersion":1', reason: 'not-json' },
    { what: 'no JSON in bytes', data: new Uint8Array([0xff, 0x00]), reason: 'not-json' },
    {
      what: 'another type',
      data: { ...dataOf(anEvent()), type: 'token-lost' },
      reason: 'other-type',
    },
    {
      what: 'a newer schema',
      data: { ...dataOf(anEvent()), schemaVersion: 2 },
      reason: 'newer-schema',
    },
    { what: 'nothing', data: undefined, reason: 'wrong-field', field: 'data' },
    { what: 'a list', data: '[]', reason: 'wrong-field' },
  ])('is told apart when it is $what', ({ data, reason, ...field }) => {
    expect(decodeTokenRenewed(data)).toMatchObject({
      ok: false,
      reason,
      ...('field' in field && field.field !== undefined ? { field: field.field } : {}),
    });
  });

  it.each([
    ['reason', 'renewed'],
    ['session', 'etrade'],
    ['session', '../etrade-prod'],
    ['generation', 0],
    ['generation', '7'],
    ['generation', 1.5],
    ['secretVersion', 'projects/p/secrets/s/versions/latest'],
    ['secretVersion', 'projects/p/secrets/s/versions/0'],
    ['secretVersion', 'versions/12'],
    ['issuedAt', 1_773_059_460_000],
    ['issuedAt', '2026-03-09'],
    ['hardEndsAt', 'never'],
    ['idleLimitSeconds', -1],
  ])('names its wrong field, for readers with the schema too: %s = %j', (field, value) => {
    const data = { ...dataOf(anEvent()), [field]: value };
    expect(decodeTokenRenewed(data)).toEqual({ ok: false, reason: 'wrong-field', field });
    expect(validate(data)).toBe(false);
  });

  it.each(Object.keys(schema.properties))('does not come without its %s', (field) => {
    const data = dataOf(anEvent());
    delete data[field];
    expect(validate(data)).toBe(false);
    if (field !== 'idleLimitSeconds') expect(decodeTokenRenewed(data)).toMatchObject({ ok: false });
  });
});

describe('SCHEMA.md of the events', () => {
  const text = readFileSync(new URL('SCHEMA.md', room), 'utf8');
  const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(
    ([, json = '']) => JSON.parse(json) as Record<string, unknown>,
  );

  it('shows an event that fits the schema and reads', () => {
    const event = examples[0];
    expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
    expect(decodeTokenRenewed(event)).toMatchObject({ ok: true });
  });

  it('shows the attributes and the data that belong together', () => {
    const [data, push] = examples;
    const message = (push as { message: { attributes: unknown; data: string } }).message;
    expect(JSON.parse(Buffer.from(message.data, 'base64').toString())).toEqual(data);
    const decoded = decodeTokenRenewed(data);
    if (!decoded.ok) throw new Error(decoded.reason);
    const again = encodeTokenRenewed(decoded.event, decoded.event.secretVersion);
    expect(message.attributes).toEqual(again.attributes);
    expect(data).toEqual(JSON.parse(again.data));
  });

  it('explains every field', () => {
    for (const field of Object.keys(schema.properties)) expect(text).toContain(`\`${field}\``);
  });
});
