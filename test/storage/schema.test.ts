import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { OpenSignIn } from '../../functions/brokers/broker.ts';
import { composeSystem } from '../../functions/compose.ts';
import { RECORD_MAX_BYTES } from '../../functions/lifecycle/limits.ts';
import { attemptId } from '../../functions/operations/sign-in-attempt.ts';
import { Secret } from '../../functions/secret.ts';
import { decodeRecord, encodeRecord } from '../../functions/storage/record-document.ts';
import { decodeService, encodeService } from '../../functions/storage/service-document.ts';
import { decodeToken, encodeToken } from '../../functions/storage/token-document.ts';
import { sessionKey } from '../fixtures/records.ts';
import { anEvent, aToken, PROD } from '../fixtures/tokens.ts';

const text = readFileSync(new URL('../../functions/storage/SCHEMA.md', import.meta.url), 'utf8');

function section(title: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(title));
  if (found === undefined) throw new Error(`SCHEMA.md has no section "${title}"`);
  return found;
}

/** The section's one example; that it is the only one is part of the claim. */
function exampleIn(title: string): string {
  const blocks = [...section(title).matchAll(/```json\n(.*?)```/gs)];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

describe('SCHEMA.md of the store', () => {
  it.each([
    {
      title: 'The token',
      again: (json: string) => encodeToken(decodeToken(PROD, json)),
    },
    {
      title: 'The record',
      again: (json: string) => encodeRecord(PROD, decodeRecord(PROD, json)),
    },
    {
      title: "The service's own record",
      again: (json: string) => encodeService(decodeService(json)),
    },
  ])('shows a document that reads and is written again the same: $title', ({ title, again }) => {
    const example = exampleIn(title);
    expect(JSON.parse(again(example))).toEqual(JSON.parse(example));
  });

  it('has no example that no test reads', () => {
    expect(text.match(/```/g)).toHaveLength(2 * 3);
  });

  it.each([
    {
      title: 'The token',
      fields: Object.keys(aToken()),
    },
    {
      title: 'The record',
      fields: Object.keys(decodeRecord(PROD, exampleIn('The record'))),
    },
  ])('explains every field: $title', ({ title, fields }) => {
    expect(fields.length).toBeGreaterThan(9);
    for (const field of fields) expect(section(title)).toContain(`\`${field}\``);
  });

  it('tells an undelivered event as it is kept', () => {
    const session = sessionKey('etrade-prod');
    const [event] = decodeRecord(session, exampleIn('The record')).undelivered;
    expect(Object.keys(event ?? {}).sort()).toEqual(Object.keys(anEvent()).sort());
    expect(event?.session).toBe(session);
  });

  it('names the limit that the code has', () => {
    expect(section('The record')).toContain(RECORD_MAX_BYTES.toLocaleString('en-US'));
  });
});

describe('SCHEMA.md shows values of the form that is written', () => {
  const CONSUMER = '{"key":"consumer","secret":"consumer-secret"}';

  it.each(['The token', 'The record'])('the hash of an account: %s', (title) => {
    const [session] = composeSystem({
      env: {
        SESSIONS: 'etrade-prod',
        ETRADE_PROD_CONSUMER: CONSUMER,
        STORE_DIRECTORY: '/nowhere',
        STORE_PASSPHRASE: 'a passphrase for tests',
        EVENTS_URL: 'http://127.0.0.1:8083/events',
      },
    }).sessions;
    const { account } = JSON.parse(exampleIn(title)) as { account: unknown };
    expect(account).toEqual([session?.hashAccount('835550101')]);
  });

  it('the id of a sign-in', () => {
    const { lastSignIn } = decodeRecord(PROD, exampleIn('The record'));
    const signIn: OpenSignIn = {
      id: 'request-token',
      secret: new Secret('request-secret'),
      startedAt: 0,
      expiresAt: 300_000,
    };
    expect(lastSignIn?.id).toBe(attemptId({ verifierKind: 'pin' }, signIn, 'AB1C2'));
  });
});
