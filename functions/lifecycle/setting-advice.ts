/**
 * What to correct where a broker's refusal names more than "key or settings": a sentence for pages, messages,
 * command line and workers alike.
 *
 * Pure, by the safe word of the failure. Knows no session and holds no secret.
 */

export type SettingAdvice = {
  /** What the broker did, after its name: "gave no refresh token". */
  readonly what: string;
  /** What to do, to be continued or begun with: lower case, without a full stop. */
  readonly advice: string;
};

const ADVICE: ReadonlyMap<string, SettingAdvice> = new Map([
  [
    'NoApiProductMatchFound',
    {
      what: 'has not given this app the API product that it asks for',
      advice:
        'add the API products "Accounts and Trading Production" and "Market Data Production" to the app in the developer portal (developer.schwab.com), and wait until the app is "Ready For Use" again',
    },
  ],
  [
    'refresh-token-missing',
    {
      what: 'gave no refresh token that can be used, so the sign-in would be over within minutes',
      advice:
        'have refresh tokens switched on for the API key (at TradeStation: the scope offline_access, by its Client Experience team), then sign in again',
    },
  ],
]);

/** `null` where the word says no more than that key or settings are wrong. */
export function settingAdvice(problem: string): SettingAdvice | null {
  return ADVICE.get(problem) ?? null;
}

export function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
