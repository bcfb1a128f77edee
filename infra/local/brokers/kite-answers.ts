/**
 * What the simulated Kite says, in Kite's own forms: sessions, profiles, errors by `error_type`.
 *
 * Data only; decides nothing. Called by the other `kite-*` files.
 * @see https://kite.trade/docs/connect/v3/exceptions/
 */

import { z } from 'zod';
import type { Answer } from './http-answer.ts';
import { writtenInIndia } from './india.ts';
import type { Access, Person } from './kite-book.ts';
import type { Switches } from './kite-switches.ts';

/** Made-up users; nothing here belongs to anyone. */
export const USERS: Readonly<Record<Person, { readonly id: string; readonly name: string }>> = {
  default: { id: 'XK4821', name: 'Morning Trader' },
  other: { id: 'ZQ0077', name: 'Someone Else' },
};

type ErrorType = 'TokenException' | 'InputException' | 'GeneralException' | 'NetworkException';

export function kiteError(status: number, type: ErrorType, message: string): Answer {
  return json(status, { status: 'error', message, data: null, error_type: type });
}

/** An error in the parts that the switch leaves of it. */
export function inForm(answer: Answer, form: Switches['errorForm']): Answer {
  if (form === 'whole' || answer.status < 400) return answer;
  const { message, error_type } = errorParts.parse(JSON.parse(answer.body));
  return json(answer.status, form === 'message' ? { message } : { error_type, message });
}

const errorParts = z.object({ message: z.string(), error_type: z.string() });

/** The same refusal has two forms; which of them comes is a switch. */
export function deadToken(form: 403 | 400): Answer {
  return form === 403
    ? kiteError(403, 'TokenException', 'Incorrect `api_key` or `access_token`.')
    : kiteError(400, 'InputException', 'Invalid `api_key` or `access_token`.');
}

export function badApiKey(form: 403 | 400): Answer {
  return form === 403
    ? kiteError(403, 'TokenException', 'Invalid `api_key`.')
    : kiteError(400, 'InputException', 'Invalid `api_key`.');
}

export function sessionAnswer(access: Access): Answer {
  return json(200, {
    status: 'success',
    data: {
      ...profileOf(access.person),
      api_key: access.apiKey,
      access_token: access.token,
      public_token: access.token.split('').reverse().join(''),
      enctoken: '',
      refresh_token: '',
      silo: '',
      login_time: writtenInIndia(access.loggedInAt),
    },
  });
}

export function profileAnswer(who: Person): Answer {
  return json(200, { status: 'success', data: profileOf(who) });
}

export function loggedOutAnswer(): Answer {
  return json(200, { status: 'success', data: true });
}

function profileOf(who: Person) {
  const { id, name } = USERS[who];
  return {
    user_type: 'individual/ind_with_nom',
    email: `${id.toLowerCase()}@example.com`,
    user_name: name,
    user_shortname: name.split(' ')[0],
    broker: 'ZERODHA',
    exchanges: ['NSE', 'BSE', 'NFO'],
    products: ['CNC', 'NRML', 'MIS'],
    order_types: ['MARKET', 'LIMIT', 'SL', 'SL-M'],
    avatar_url: null,
    user_id: id,
    meta: { demat_consent: 'physical' },
  };
}

function json(status: number, content: object): Answer {
  return { status, type: 'application/json', body: JSON.stringify(content) };
}
