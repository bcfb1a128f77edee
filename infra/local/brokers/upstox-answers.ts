/**
 * What the simulated Upstox says, in Upstox's own forms: the flat token reply, enveloped data, errors in both
 * spellings, the notice.
 *
 * Data only; decides nothing. Called by the other `upstox-*` files.
 * @see https://upstox.com/developer/api-documentation/error-codes
 */

import { z } from 'zod';
import type { Answer } from './http-answer.ts';
import type { Access, Person, TokenRequest } from './upstox-book.ts';
import type { Switches } from './upstox-switches.ts';

/** Made-up users; nothing here belongs to anyone. */
export const USERS: Readonly<Record<Person, { readonly id: string; readonly name: string }>> = {
  default: { id: '4HAB72', name: 'Morning Trader' },
  other: { id: '9ZZK01', name: 'Someone Else' },
};

const ERRORS = {
  UDAPI10005: [429, 'Too Many Request Sent'],
  UDAPI1155: [400, 'Notifier URL is missing for this app'],
  UDAPI100016: [401, 'Invalid Credentials'],
  UDAPI100050: [401, 'Invalid token used to access API'],
  UDAPI100057: [401, 'Invalid Auth code'],
  UDAPI100060: [404, 'Resource not Found.'],
  UDAPI100067: [403, 'API not permitted with an extended_token'],
  UDAPI100068: [400, "Check your 'client_id' and 'redirect_uri'; one or both are incorrect."],
  UDAPI100069: [401, "Check your 'client_id' and 'client_secret'; one or both are incorrect."],
  UDAPI100072: [423, 'The Funds service is accessible from 5:30 AM to 12:00 AM IST daily.'],
  UDAPI100073: [401, "Your 'client_id' is inactive"],
  UDAPI100500: [500, 'Something went wrong... please contact us'],
} as const;

export type ErrorCode = keyof typeof ERRORS;

export function upstoxError(code: ErrorCode, status?: number): Answer {
  const [usual, message] = ERRORS[code];
  const error = {
    errorCode: code,
    message,
    propertyPath: null,
    invalidValue: null,
    error_code: code,
    property_path: null,
    invalid_value: null,
  };
  return json(status ?? usual, { status: 'error', errors: [error] });
}

/** An error in the parts that the switch leaves of it. */
export function inForm(answer: Answer, form: Switches['errorForm']): Answer {
  if (form === 'enveloped' || answer.status < 400) return answer;
  const { errors } = errorParts.parse(JSON.parse(answer.body));
  const [{ errorCode, message }] = errors;
  return json(answer.status, form === 'message' ? { message } : { errorCode, message });
}

const errorParts = z.object({
  errors: z.tuple([z.object({ errorCode: z.string(), message: z.string() })]),
});

export function tokenAnswer(access: Access, { extendedToken }: Switches): Answer {
  return json(200, {
    ...profileOf(access.person),
    access_token: access.token,
    ...(extendedToken === 'empty' ? { extended_token: '' } : {}),
  });
}

export function requestAnswer(request: TokenRequest, notifierUrl: string): Answer {
  return json(200, {
    status: 'success',
    data: { authorization_expiry: String(request.expiresAt), notifier_url: notifierUrl },
  });
}

export function profileAnswer(who: Person): Answer {
  return json(200, { status: 'success', data: profileOf(who) });
}

export function fundsAnswer(): Answer {
  return json(200, {
    status: 'success',
    data: { equity: { used_margin: 0, available_margin: 61_482 } },
  });
}

export function loggedOutAnswer(): Answer {
  return json(200, { status: 'success', data: true });
}

/** Times are strings of epoch milliseconds. */
export function noticeOf(access: Access): object {
  return {
    client_id: access.clientId,
    user_id: USERS[access.person].id,
    access_token: access.token,
    token_type: 'Bearer',
    expires_at: String(access.expiresAt),
    issued_at: String(access.issuedAt),
    message_type: 'access_token',
  };
}

function profileOf(who: Person) {
  const { id, name } = USERS[who];
  return {
    email: `${id.toLowerCase()}@example.com`,
    exchanges: ['NSE', 'NFO', 'BSE'],
    products: ['D', 'I', 'MTF'],
    broker: 'UPSTOX',
    user_id: id,
    user_name: name,
    order_types: ['MARKET', 'LIMIT', 'SL', 'SL-M'],
    user_type: 'individual',
    poa: false,
    is_active: true,
  };
}

function json(status: number, content: object): Answer {
  return { status, type: 'application/json', body: JSON.stringify(content) };
}
