/** Which path a request asks for. */

import { describe, expect, it } from 'vitest';
import { matchPath } from '../../functions/http/paths.ts';

describe('matchPath', () => {
  it.each([
    ['/', '/', []],
    ['/go/eyJ.a-_b', '/go/:link', ['eyJ.a-_b']],
    ['/sign-in/etrade-prod', '/sign-in/:session', ['etrade-prod']],
    ['/sign-in/etrade-prod/start', '/sign-in/:session/start', ['etrade-prod']],
    ['/callback/etrade', '/callback/:broker', ['etrade']],
    ['/status', '/status', []],
    ['/keepalive/status', '/keepalive/status', []],
    ['/keepalive/force', '/keepalive/force', []],
    ['/sign-out/etrade-prod', '/sign-out/:session', ['etrade-prod']],
    ['/link', '/link', []],
    ['/hooks/telegram/secret', '/hooks/:name/:secret', ['telegram', 'secret']],
  ])('%s is %s', (pathname, path, params) => {
    expect(matchPath(pathname)).toEqual({ path, params });
  });

  it.each([
    '/nowhere',
    '//',
    '/go',
    '/go/',
    '/go/a/b',
    '/x/go/a',
    '/Status',
    '/status/',
    '/sign-in/etrade-prod/stop',
    '/hooks/telegram',
    '/__proto__',
  ])('%s is none of ours', (pathname) => {
    expect(matchPath(pathname)).toBeNull();
  });
});
