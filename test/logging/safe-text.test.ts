import { expect, test } from 'vitest';
import { safeText } from '../../functions/logging/safe-text.ts';

test.each([
  ['Serving function...', 'Serving function...'],
  ['Function: keep-alive', 'Function: keep-alive'],
  [
    "Cannot read properties of undefined (reading 'foo')",
    "Cannot read properties of undefined (reading 'foo')",
  ],
  ['Cannot sign the request: "url" has a query', 'Cannot sign the request: "url" has a query'],
  ['connect ECONNREFUSED 127.0.0.1:8081', 'connect ECONNREFUSED 127.0.0.1:8081'],
  ['getaddrinfo ENOTFOUND api.etrade.com', 'getaddrinfo ENOTFOUND api.etrade.com'],
  ['400: Bad Request: chat not found', '400: Bad Request: chat not found'],
  ['', ''],
])('keeps plain words: %s', (text, shown) => {
  expect(safeText(text)).toBe(shown);
});

test.each([
  [
    'request to https://api.telegram.org/bot123456:AAExyz/sendMessage failed, reason: x',
    'request to api.telegram.org/ failed, reason: x',
  ],
  ['Failed to parse URL from http://user:secret@h0st/x', 'Failed to parse URL from …'],
  ['Exception from a finished function: {"pin":"H92GX"}', 'Exception from a finished function: …'],
  ['body was pin=H92GX&csrf=x', 'body was pin …'],
  ['got <html><body>H92GX</body></html>', 'got …'],
  ['[1,2,3]', '…'],
  ['PIN 482913 refused', 'PIN … refused'],
  ['PIN H92GX refused', 'PIN … refused'],
  ['value "H92GX and more" refused', 'value … refused'],
  ['token XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es= expired', 'token …'],
  ['first line\nsecond H92GX', 'first line'],
  ['\n\r\nfirst line', 'first line'],
  ['%s failed for %o', '… failed for …'],
  ['a 1234 5678 b', 'a … b'],
])('hides what may be data: %s', (text, shown) => {
  expect(safeText(text)).toBe(shown);
});

test.each([
  'Unexpected token \'b\', ..."n":"CANARY",bad" is not valid JSON',
  'SyntaxError: Unexpected token C in CANARY',
  'Unexpected non-whitespace character after JSON at CANARY',
])('keeps nothing of what did not parse: %s', (text) => {
  expect(safeText(text)).not.toContain('CANARY');
});

test('is short', () => {
  expect(safeText('word '.repeat(1_000)).length).toBeLessThanOrEqual(200);
});
