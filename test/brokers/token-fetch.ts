/**
 * A `fetch` that answers from a list and keeps every request with its body. Used by the tests of adapters
 * that post forms.
 */

export type PostedRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
};

export function createTokenFetch(answers: readonly (Response | Error)[]): {
  readonly fetch: typeof globalThis.fetch;
  readonly requests: readonly PostedRequest[];
} {
  const requests: PostedRequest[] = [];
  const left = [...answers];
  return {
    requests,
    async fetch(input, init) {
      const request = new Request(input, init);
      requests.push({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: await request.text(),
      });
      const answer = left.shift();
      if (answer === undefined) throw new Error('the script has no answer left');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

export function jsonResponse(status: number, body: object | string): Response {
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
}
