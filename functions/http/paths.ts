/**
 * The paths that exist, and which of them a request asks for.
 *
 * Patterns are what may be logged: a path itself can hold a link or a webhook's secret. Used by
 * `routes.ts` to dispatch and by `serve.ts` for its log line.
 */

export const PATHS = [
  '/',
  '/go/:link',
  '/sign-in/:session',
  '/sign-in/:session/start',
  '/sign-in/:session/approval',
  '/callback/:broker',
  '/status',
  '/keepalive/status',
  '/keepalive/force',
  '/sign-out/:session',
  '/browser/sign-out',
  '/link',
  '/hooks/:name/:secret',
] as const;

export type Path = (typeof PATHS)[number];

export type PathMatch = { readonly path: Path; readonly params: readonly string[] };

/** The pattern of a URL's path with its parameters in order, or `null` when there is none. */
export function matchPath(pathname: string): PathMatch | null {
  const parts = pathname.split('/');
  for (const path of PATHS) {
    const params = paramsOf(path.split('/'), parts);
    if (params !== null) return { path, params };
  }
  return null;
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): string[] | null {
  if (pattern.length !== parts.length) return null;
  const params: string[] = [];
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (!expected.startsWith(':')) {
      if (part !== expected) return null;
    } else {
      if (part === '') return null;
      params.push(part);
    }
  }
  return params;
}
