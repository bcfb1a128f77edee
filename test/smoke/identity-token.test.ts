/** Whose token is taken: the machine's own in Google's cloud, else that of whoever is logged in. */

import { expect, it } from 'vitest';
import { findIdentityToken } from '../../infra/smoke/identity-token.ts';
import { createScriptedFetch, type ScriptedAnswer } from '../fixtures/scripted-fetch.ts';

const AUDIENCE = 'https://health-check-1.us-central1.run.app';
const TOKEN = 'head.body.signature';
const NOWHERE = new TypeError('fetch failed');

async function find(metadata: ScriptedAnswer, gcloud: (args: readonly string[]) => string) {
  const { fetch, requests } = createScriptedFetch([metadata]);
  const commands: (readonly string[])[] = [];
  const token = await findIdentityToken(AUDIENCE, {
    fetch,
    gcloud: async (args) => {
      commands.push(args);
      return gcloud(args);
    },
  });
  return { token, requests, commands };
}

const refuse = () => {
  throw new Error('gcloud: not logged in');
};

it('asks the metadata server for the audience, and then nobody else', async () => {
  const { token, requests, commands } = await find(new Response(TOKEN), refuse);
  expect(token).toBe(TOKEN);
  expect(requests[0]?.url).toMatch(
    /^http:\/\/metadata\.google\.internal\/.*\?audience=https%3A%2F/,
  );
  expect(requests[0]?.headers.get('metadata-flavor')).toBe('Google');
  expect(commands).toEqual([]);
});

it('takes a service account’s token from gcloud', async () => {
  const { token, commands } = await find(NOWHERE, () => `${TOKEN}\n`);
  expect(token).toBe(TOKEN);
  expect(commands).toEqual([['auth', 'print-identity-token', `--audiences=${AUDIENCE}`]]);
});

it('takes a person’s token, which has no audience', async () => {
  const { token, commands } = await find(NOWHERE, (args) => (args.length === 2 ? TOKEN : refuse()));
  expect(token).toBe(TOKEN);
  expect(commands).toHaveLength(2);
});

it.each([
  ['nobody is logged in', NOWHERE, refuse],
  ['something else answers there', new Response('<html>Welcome</html>'), () => 'Please log in'],
  ['the machine has no account', new Response('', { status: 404 }), refuse],
])('has none when %s', async (_, metadata, gcloud) => {
  expect((await find(metadata, gcloud)).token).toBeNull();
});
