/**
 * Plays a morning's sign-in on a sandbox session, all but the person, and says what would have failed.
 *
 * Never touches a prod session and never moves a session's pointer: the token it stores names generation
 * 0 and has ended long ago, so every reader passes it over, and it is destroyed at once. Workers pass
 * over its event. Called by the command line's `rehearse`.
 */

import { parseSessionKey } from '../lifecycle/session.ts';
import { Secret } from '../secret.ts';
import type { StoredToken } from '../storage/session-store.ts';
import type { Checks } from './checks.ts';
import { reach, writeBack } from './diagnose.ts';
import { broken, brokerFinding, type Finding, factsOf, look, ok } from './finding.ts';
import type { ConfiguredSession, System } from './system.ts';

export type RehearsedStep = { readonly findings: readonly Finding[]; readonly tookMs: number };

const PAGE_TIMEOUT_MS = 10_000;

export async function* rehearseSignIn(
  system: System,
  checks: Checks,
  session: ConfiguredSession,
): AsyncGenerator<RehearsedStep> {
  if (parseSessionKey(session.key)?.environment !== 'sandbox') {
    const refused = broken('session', 'is no sandbox session', 'name a sandbox session');
    yield { findings: [refused], tookMs: 0 };
    return;
  }
  let authorizeUrl: string | null = null;
  const steps: readonly (readonly [string, () => Promise<Finding>])[] = [
    ['message', () => tellPerson(system, checks, session)],
    ['page', () => openPage(system, checks, session)],
    [
      'broker',
      async () => {
        const begun = await session.broker.begin();
        if (!begun.ok) return brokerFinding('broker', begun, factsOf(session));
        ({ authorizeUrl } = begun);
        const lives = Math.round((begun.signIn.expiresAt - system.clock()) / 60_000);
        return ok('broker', `opens a sign-in, good for ${lives} min`);
      },
    ],
    ['login page', () => openLogin(checks, session, authorizeUrl)],
    [
      'claim',
      async () => {
        await writeBack(system, session);
        return ok('claim', 'the record can be written before anything is spent');
      },
    ],
    ['token', () => storeAndDestroy(system, session)],
    [
      'event',
      async () => {
        await checks.events.rehearse(session.key);
        return ok('event', 'published as a rehearsal: workers pass over it');
      },
    ],
  ];
  for (const [name, step] of steps) {
    const startedAt = system.clock();
    const findings = await look(name, step);
    yield { findings, tookMs: system.clock() - startedAt };
  }
}

async function tellPerson(
  system: System,
  { messenger }: Checks,
  session: ConfiguredSession,
): Promise<Finding> {
  const link = await system.signInLink(session.key);
  await messenger.rehearse({ title: session.title, link });
  return ok('message', 'sent, and marked as a rehearsal');
}

/** What a tap on the button does: the link, the cookie, the page. */
async function openPage(
  system: System,
  { fetch }: Checks,
  session: ConfiguredSession,
): Promise<Finding> {
  const link = await system.signInLink(session.key);
  const fix = 'see "PUBLIC_URL" and the log of pin-exchange';
  const visit = (url: string, cookie?: string) =>
    fetch(url, {
      redirect: 'manual',
      headers: cookie === undefined ? {} : { cookie },
      signal: AbortSignal.timeout(PAGE_TIMEOUT_MS),
    });
  try {
    const opened = await visit(link);
    await opened.body?.cancel();
    const [cookie] = opened.headers.getSetCookie();
    const location = opened.headers.get('location');
    if (cookie === undefined || location === null) {
      return broken('page', `the link of the message answers ${opened.status}`, fix);
    }
    const page = await visit(new URL(location, link).href, cookie.split(';')[0]);
    await page.body?.cancel();
    return page.status === 200
      ? ok('page', 'the link opens the sign-in page')
      : broken('page', `the sign-in page answers ${page.status}`, fix);
  } catch {
    // An error of `fetch` may quote the address, which is as good as a password.
    return broken('page', 'the address of the pages does not answer', fix);
  }
}

async function openLogin(
  { fetch }: Checks,
  { broker }: ConfiguredSession,
  authorizeUrl: string | null,
): Promise<Finding> {
  const fix = 'see whether the address in "…_AUTHORIZE_URL" is right, and try a browser';
  if (authorizeUrl === null) return broken('login page', 'there was no sign-in to open', fix);
  const status = await reach(authorizeUrl, fetch);
  if (status === null) return broken('login page', `${broker.title}’s does not answer`, fix);
  return status < 500 && status !== 404
    ? ok('login page', `${broker.title}’s answers`)
    : broken('login page', `${broker.title}’s answers ${status}`, fix);
}

async function storeAndDestroy(system: System, session: ConfiguredSession): Promise<Finding> {
  const { store } = system;
  const version = await store.addToken(nobodysToken(session));
  try {
    const read = await store.readToken(session.key, version);
    if (read.status !== 'found') {
      return broken('token', `version ${version} was stored and does not read`, 'see the store');
    }
  } finally {
    await store.destroyVersion(session.key, version);
  }
  return ok('token', `version ${version} stored, read and destroyed; nobody points at it`);
}

/** Older than any token there is, ended, and of no known account: no reader takes it for the newest. */
function nobodysToken({ key }: ConfiguredSession): StoredToken {
  return {
    session: key,
    generation: 0,
    signedInAt: 0,
    issuedAt: 0,
    accessExpiresAt: 0,
    hardEndsAt: 0,
    account: null,
    accessToken: new Secret('rehearsal'),
    tokenSecret: new Secret('rehearsal'),
    refreshToken: null,
  };
}
