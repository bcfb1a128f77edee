/**
 * One call to a broker in a session's name: its address checked, its header made.
 *
 * A signature is worth something to whoever gets it, so only the session's own API host is signed for.
 * The token is read by number and revealed only inside the signer. Used by `sign.ts` and `curl.ts`.
 */

import type { BrokerAccess, CommandLineSystem } from '../compose.ts';
import { isOver, stateOf } from '../lifecycle/session.ts';
import type { ConfiguredSession } from '../operations/system.ts';
import { readNewestToken, type StoredToken } from '../storage/session-store.ts';
import { ArgumentError } from './argument-error.ts';
import type { CommandContext } from './command.ts';
import { configuredSession } from './configured-session.ts';

export type SignedCall = {
  readonly session: ConfiguredSession;
  readonly access: BrokerAccess;
  readonly method: string;
  /** The whole address, as it is to be sent. */
  readonly url: URL;
  /** Of the token that signed. */
  readonly generation: number;
  readonly authorization: string;
};

/**
 * `null` when there is no token that could sign: the person has been told.
 *
 * @throws ArgumentError for an unknown session or an address of another host
 */
export async function signedCall(
  { terminal }: CommandContext,
  system: CommandLineSystem,
  name: string,
  method: string,
  address: string,
): Promise<SignedCall | null> {
  const session = configuredSession(system, name);
  const access = system.brokerAccess(session.key);
  if (access === null) throw new ArgumentError(`"${session.key}" cannot sign`);
  const url = urlOf(access, address);
  const upper = method.toUpperCase();
  if (!/^[A-Z]{1,10}$/.test(upper))
    throw new ArgumentError('The method is a word like GET or POST.');
  const token = await terminal.progress('Reading the token', currentToken(system, session));
  if (token === null) {
    terminal.problem(
      `${session.title} has no token that is good now.`,
      `Sign in: token-cadence start ${session.key}`,
    );
    return null;
  }
  const authorization = access.calls.authorize(
    { method: upper, url: `${url.origin}${url.pathname}`, params: paramsOf(url) },
    token,
  );
  const { generation } = token;
  return { session, access, method: upper, url, generation, authorization };
}

async function currentToken(
  system: CommandLineSystem,
  session: ConfiguredSession,
): Promise<StoredToken | null> {
  const { record } = await system.store.load(session.key);
  const found = await readNewestToken(system.store, session.key, record.version, record.generation);
  if (found === null || isOver(found.token.hardEndsAt, system.clock())) return null;
  // The record's word counts for the token that it knows.
  const isKnown = found.token.generation === record.generation;
  const state = stateOf(record, session.broker.rules, system.clock());
  return isKnown && state === 'expired' ? null : found.token;
}

/** A path of the session's API, or a whole address of the same host. */
function urlOf({ apiUrl }: BrokerAccess, address: string): URL {
  const url = address.startsWith('/') ? URL.parse(`${apiUrl}${address}`) : URL.parse(address);
  if (url === null)
    throw new ArgumentError('The address is no URL and no path like /v1/accounts/list.');
  if (!url.href.startsWith(`${apiUrl}/`)) {
    throw new ArgumentError(`The address is not of this session's API, which is ${apiUrl}`);
  }
  url.hash = '';
  return url;
}

function paramsOf({ searchParams }: URL): Record<string, string | string[]> {
  const params: Record<string, string | string[]> = {};
  for (const name of new Set(searchParams.keys())) {
    const values = searchParams.getAll(name);
    params[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return params;
}
