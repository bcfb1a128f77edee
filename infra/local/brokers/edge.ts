/**
 * What stands before a broker and answers in its place: a firewall, a content network, a gateway, a router, a
 * maintenance page.
 *
 * The same at every broker, since no broker wrote it. Data only.
 */

import type { Answer } from './http-answer.ts';

export const EDGES = [
  'off',
  'firewall',
  'maintenance',
  'maintenance-200',
  'block-json',
  'forbidden-json',
  'gateway-fault',
  'router',
] as const;

export type Edge = (typeof EDGES)[number];

const XHTML =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Maintenance</title></head><body><p>We will be back soon.</p></body></html>';

const ANSWERS: Readonly<Record<Exclude<Edge, 'off'>, Answer>> = {
  firewall: {
    status: 403,
    type: 'text/html',
    body: '<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\nYou do not have permission to access this page.<P>\n</BODY></HTML>',
  },
  maintenance: { status: 403, type: 'application/xhtml+xml', body: XHTML },
  'maintenance-200': { status: 200, type: 'application/xhtml+xml', body: XHTML },
  'block-json': json(403, {
    title: 'Error 1010: Access denied',
    status: 403,
    error_code: 1010,
    error_name: 'browser_signature_banned',
    error_category: 'access_denied',
    ray_id: '9d99aa0d5f1b1234',
    cloudflare_error: true,
  }),
  'forbidden-json': json(403, { message: 'Forbidden' }),
  'gateway-fault': json(401, {
    fault: { faultstring: 'Policy failed', detail: { errorcode: 'policies.generic.Failed' } },
  }),
  router: {
    status: 404,
    type: 'text/plain',
    body: "404 Not Found: Requested route ('api.broker.example') does not exist.",
  },
};

export function edgeAnswer(edge: Edge): Answer | null {
  return edge === 'off' ? null : ANSWERS[edge];
}

function json(status: number, content: object): Answer {
  return { status, type: 'application/json', body: JSON.stringify(content) };
}
