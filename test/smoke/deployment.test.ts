/** What `terraform output -json` prints, read: every address there, on https, or words for what is missing. */

import { describe, expect, it } from 'vitest';
import { parseDeployment } from '../../infra/smoke/deployment.ts';

const FUNCTIONS = {
  'morning-alert': 'https://morning-alert-x-uc.a.run.app',
  'pin-exchange': 'https://pin-exchange-x-uc.a.run.app',
  'keep-alive': 'https://keep-alive-x-uc.a.run.app',
  'health-check': 'https://health-check-x-uc.a.run.app',
};

function outputs(page: unknown = 'https://tokens.example.com/', functions: object = FUNCTIONS) {
  return JSON.stringify({ page_url: { value: page }, function_urls: { value: functions } });
}

describe('terraform’s outputs', () => {
  it('name the page people open first, then the function’s own address', () => {
    const { 'pin-exchange': own, ...rest } = FUNCTIONS;
    expect(parseDeployment(outputs())).toEqual({
      ok: true,
      deployment: { pages: ['https://tokens.example.com', own], functions: rest },
    });
    expect(parseDeployment(outputs(own))).toMatchObject({ deployment: { pages: [own] } });
  });

  it.each([
    ['a text', 'page_url = x', 'not what "terraform output -json" prints'],
    ['the first phase', outputs(undefined, {}), 'function_urls pin-exchange'],
    [
      'one function less',
      outputs('https://a.example', { ...FUNCTIONS, 'keep-alive': undefined }),
      'keep-alive',
    ],
    ['plain http elsewhere', outputs('http://tokens.example.com'), 'page_url'],
    ['no address', outputs('tokens'), 'page_url'],
  ])('are refused when they are %s', (_, text, says) => {
    const parsed = parseDeployment(text);
    expect(parsed.ok ? '' : parsed.problem).toContain(says);
  });
});
