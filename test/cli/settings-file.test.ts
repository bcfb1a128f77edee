import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSettingsText } from '../../functions/cli/settings-file.ts';
import { ConfigError } from '../../functions/errors.ts';
import { loadSettings } from '../../infra/local/load-settings.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

const TEXT = 'SESSIONS=etrade-prod\nPUBLIC_URL="https://a.example"\n';
const READ = { SESSIONS: 'etrade-prod', PUBLIC_URL: 'https://a.example' };

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');

function problemsOf(bytes: Uint8Array): readonly string[] {
  try {
    readSettingsText(bytes, '.env');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('is read to the first line', () => {
  test.each([
    ['plain', utf8(TEXT)],
    ['with a byte-order mark', utf8(`\uFEFF${TEXT}`)],
    ['UTF-16, little end first', Buffer.from(`\uFEFF${TEXT}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`\uFEFF${TEXT}`, 'utf16le').swap16()],
    ['lines of Windows', utf8(`\uFEFF${TEXT.replaceAll('\n', '\r\n')}`)],
    ['lines of an old Mac', utf8(TEXT.replaceAll('\n', '\r'))],
    ['exported', utf8(TEXT.replaceAll(/^/gm, 'export ').replace(/export $/, ''))],
    [
      'with blanks around',
      utf8("# one\n\n  SESSIONS = etrade-prod \n\tPUBLIC_URL='https://a.example'"),
    ],
  ])('%s', (_name, bytes) => {
    expect(readSettingsText(bytes, '.env')).toEqual(READ);
  });

  test('a value over several lines', () => {
    const text = 'APP={"a":1}\nETRADE_PROD_CONSUMER=\'{\n"key": "k"\n}\'\nSESSIONS=x';
    expect(readSettingsText(utf8(text), '.env')).toMatchObject({
      ETRADE_PROD_CONSUMER: '{\n"key": "k"\n}',
      SESSIONS: 'x',
    });
  });
});

describe('is told by its line, never with a value', () => {
  test.each([
    ['SESSIONS etrade-canary', ['Line 1 of ".env" is not NAME=value']],
    ['A=1\n=canary', ['Line 2']],
    ['A=1\nB=canary\nA=canary', ['Lines 1 and 3 of ".env" set the same name']],
    ['sessions=canary', ['Line 1 of ".env" sets a name that is not read: names are upper case']],
    ['etrade_prod_consumer=canary', ['Line 1']],
    ['A=1\nB="canary', ['Line 2 of ".env" opens a quotation mark']],
    ['A="1\nB="canary"', ['Line 2 of ".env" goes on behind a closing quotation mark']],
    ['A="1" canary', ['Line 1 of ".env" goes on behind a closing quotation mark']],
    ['\u00A0SESSIONS=canary', ['Line 1 of ".env" is not NAME=value']],
    ['\uFEFF\uFEFFSESSIONS=canary', ['Line 1 of ".env" is not NAME=value']],
    ['A=1\n\fSESSIONS=canary', ['Line 2 of ".env" is not NAME=value']],
    [
      'A=1\nSESSION=canary',
      ['Line 2 of ".env" sets a name that is not read: is "SESSIONS" meant?'],
    ],
    ['ETRADE_PROD_CONSUMERS=canary', ['Line 1', 'is "ETRADE_PROD_CONSUMER" meant?']],
    ['ETRAED_PROD_CONSUMER=canary', ['Line 1', 'is "ETRADE_PROD_CONSUMER" meant?']],
    ['PUBLICURL=canary', ['Line 1', 'is "PUBLIC_URL" meant?']],
    [
      'TELEGRAM_CHATID=canary',
      ['Line 1', '"TOKEN_CADENCE_APP" has it, as the field "telegramChatId"'],
    ],
    [
      'SCHWAB_PROD_IRA_KEY=canary',
      ['Line 1', '"SCHWAB_PROD_" end with ACCOUNT, ALERT_AT, API_URL'],
    ],
  ])('%j', (text, expected) => {
    const problems = problemsOf(utf8(text));
    expect(problems).toHaveLength(1);
    for (const each of expected) expect(problems[0]).toContain(each);
    expect(problems.join()).not.toContain('canary');
  });

  test('other encodings are named as such', () => {
    for (const bytes of [Buffer.from(TEXT, 'utf16le'), Buffer.from([0x41, 0x3d, 0xe4, 0xff])]) {
      expect(problemsOf(bytes)).toEqual([expect.stringContaining('save it as UTF-8')]);
    }
  });

  test.each([
    'KEEP_ALIVE_URL=x',
    'DATABASE_URL=x\nSESSION_SECRET=x\nETRADE_KEY=x',
    'ETRADE_PROD_IRA_ALERT_AT=08:30',
    'SESSION=x\nSESSIONS=etrade-prod',
    'TOKEN_CADENCE_APP={}\nTELEGRAM_BOT_TOKEN=x',
  ])('%j is silent', (text) => {
    expect(problemsOf(utf8(text))).toEqual([]);
  });

  test('other programs’ names may be in lower case', () => {
    expect(readSettingsText(utf8('http_proxy=x'), '.env')).toEqual({ http_proxy: 'x' });
  });
});

test('the local run takes what the environment does not have', () => {
  const file = join(temporaryDirectory(), '.env');
  writeFileSync(file, `\uFEFF${TEXT}`);
  const env = { PUBLIC_URL: 'https://mine.example' };
  loadSettings(file, env);
  expect(env).toEqual({ ...READ, PUBLIC_URL: 'https://mine.example' });
});
