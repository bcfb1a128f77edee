/**
 * Recognises answers that the broker did not write: pages, blocks by a firewall or content network, a router or
 * gateway that found nobody to ask. They say nothing of key, signature or token.
 *
 * Pure; knows no broker. Reads by content: such answers come with any status and any content type.
 * @see https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */

import { parseJson } from './judged.ts';

/** What may stand before a document: a byte-order mark, white space, `<?xml …?>`, comments. */
const PREAMBLE = /^(?:[\uFEFF\s]|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)*/;

const PAGE_BEGINS =
  /^<(?:!doctype\s+html|html|head|body|title|meta|link|script|style|center|div|p|pre|b|font|table|iframe|noscript|h[1-6])\b/i;

/** HTML or XHTML, whatever it says it is. */
export function looksLikePage(body: string): boolean {
  const text = unquoted(body).replace(PREAMBLE, '');
  if (PAGE_BEGINS.test(text)) return true;
  // JSON may quote a page; XML and plain text that hold one are one.
  return !/^[[{"]/.test(text) && /<html[\s>]/i.test(text);
}

/** Fields that only content networks and firewalls write. */
const EDGE_FIELDS = /^(?:cloudflare_error|ray_?id|cf_?ray|incident_?id|support_?id|akamai.*)$/i;

/** AWS's error in XML: its codes are words, a broker's are numbers. */
const AWS_ERROR = /<RequestId>|<Error\b.*<Code>\s*[A-Za-z]+\s*<\/Code>/is;

/** A block of Cloudflare, Imperva, F5, Akamai or AWS, whatever else stands in it. */
export function isEdgeBlock(body: string, json: unknown): boolean {
  if (!isRecord(json)) return AWS_ERROR.test(body);
  return [json, json['error'], json['errors']].flat().some(isWrittenByEdge);
}

function isWrittenByEdge(part: unknown): boolean {
  if (!isRecord(part)) return false;
  if (Object.keys(part).some((name) => EDGE_FIELDS.test(name))) return true;
  // Cloudflare's own codes are numbers from 1000; brokers write words.
  const code = Number(part['error_code'] ?? part['code'] ?? Number.NaN);
  return (code >= 1_000 && code < 2_000) || /cloudflare|akamai/i.test(String(part['type'] ?? ''));
}

/**
 * The messages of API gateways (AWS, Kong, Azure, Apigee, Envoy, Cloud Foundry's router, …). Those that only say
 * that there is nothing at a path are not among them: a worker may have asked for a wrong one. Nor is
 * "Unauthorized", which brokers say of a token themselves.
 */
const GATEWAY_SAYS = new RegExp(
  [
    '^(?:forbidden|access denied|request blocked|blocked|limit exceeded)\\.?$',
    '^error code: \\d{3,4}$',
    // A status and its name, which a proxy writes; not what may be about this one call, or the token.
    '^(?!40[014]\\b)\\d{3} \\w+',
    'missing authentication token$',
    'the security token included in the request',
    'user is not authorized to (?:access this resource|perform)',
    'endpoint request timed out',
    'requested route \\(.*\\) (?:does not exist|has no)',
    'invalid authentication credentials',
    'access denied due to (?:missing|invalid) subscription key',
    'unable to identify proxy for host',
    '^default backend - 404',
    'no healthy upstream|upstream connect error|upstream request timeout',
    'the requested url was rejected',
    "you don't have permission to access",
  ].join('|'),
  'i',
);

/** An answer of what stands before the broker and forwards to it, or would have. */
export function isGatewayAnswer(body: string, json: unknown): boolean {
  if (isEdgeBlock(body, json)) return true;
  if (!isRecord(json)) {
    return GATEWAY_SAYS.test(unquoted(body)) || /<(?:\w+:)?fault\b/i.test(body);
  }
  if ('fault' in json || 'Fault' in json) return true;
  const code = String(json['code'] ?? '');
  const message = json['message'] ?? json['Message'];
  return /^9009\d\d$/.test(code) || (typeof message === 'string' && GATEWAY_SAYS.test(message));
}

/** The text of a body that is one JSON string. */
function unquoted(body: string): string {
  const text = body.trim();
  const json = text.startsWith('"') ? parseJson(text) : undefined;
  return typeof json === 'string' ? json.trim() : text;
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
