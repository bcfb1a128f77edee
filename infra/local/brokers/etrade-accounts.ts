/**
 * The made-up accounts and prices behind the simulated E*TRADE API.
 *
 * Two people per environment, so that someone else's sign-in shows different accounts. Nothing here
 * belongs to anyone. Read by `etrade-api.ts`.
 */

import type { Environment } from '../../../functions/lifecycle/session.ts';
import type { Login } from './etrade-tokens.ts';

export type Account = {
  readonly accountId: string;
  readonly accountIdKey: string;
  readonly accountMode: string;
  readonly accountDesc: string;
  readonly accountName: string;
  readonly accountType: string;
  readonly institutionType: string;
  readonly accountStatus: string;
  readonly closedDate: number;
  /** Net value and cash in dollars. */
  readonly value: { readonly total: number; readonly cash: number };
};

type AccountFacts = Pick<
  Account,
  'accountId' | 'accountIdKey' | 'accountMode' | 'accountName' | 'accountType' | 'value'
>;

/** An account with its fields in the broker's order, which the XML shows. */
function account(facts: AccountFacts): Account {
  const { accountId, accountIdKey, accountMode, accountName, accountType, value } = facts;
  return {
    accountId,
    accountIdKey,
    accountMode,
    accountDesc: 'Brokerage',
    accountName,
    accountType,
    institutionType: 'BROKERAGE',
    accountStatus: 'ACTIVE',
    closedDate: 0,
    value,
  };
}

/** What the person types on the broker's page. */
export const USER_IDS: Readonly<Record<Login, string>> = {
  default: 'morning.trader',
  other: 'someone.else',
};

export const ACCOUNTS: Readonly<Record<Environment, Readonly<Record<Login, readonly Account[]>>>> =
  {
    sandbox: {
      default: [
        account({
          accountId: '835550101',
          accountIdKey: 'sBx1kQ7vTn2LwEaY0dRjUg',
          accountMode: 'MARGIN',
          accountName: 'Sandbox Margin',
          accountType: 'INDIVIDUAL',
          value: { total: 104_250.75, cash: 38_110.2 },
        }),
        account({
          accountId: '835550102',
          accountIdKey: 'mV4cHf9oZpX6yKtI3uWbNA',
          accountMode: 'IRA',
          accountName: 'Sandbox IRA',
          accountType: 'ROTHIRA',
          value: { total: 27_900, cash: 1_204.5 },
        }),
      ],
      other: [
        account({
          accountId: '835559001',
          accountIdKey: 'qJ8rGd5hSxC1eMfB7zLiOw',
          accountMode: 'CASH',
          accountName: 'Someone Else Sandbox',
          accountType: 'INDIVIDUAL',
          value: { total: 5_000, cash: 5_000 },
        }),
      ],
    },
    prod: {
      default: [
        account({
          accountId: '415550117',
          accountIdKey: 'tY2nKw8bQe5VxLpR0gHcZQ',
          accountMode: 'MARGIN',
          accountName: 'Trading',
          accountType: 'INDIVIDUAL',
          value: { total: 61_482.19, cash: 22_630.04 },
        }),
        account({
          accountId: '415550233',
          accountIdKey: 'aD6jUs3mFi9OzTkE1vNyPg',
          accountMode: 'CASH',
          accountName: 'Savings',
          accountType: 'JOINT',
          value: { total: 18_077.6, cash: 18_077.6 },
        }),
        account({
          accountId: '415550384',
          accountIdKey: 'hC7wBx4rLq0SgJdM2fXoVw',
          accountMode: 'IRA',
          accountName: 'Rollover',
          accountType: 'ROLLOVERIRA',
          value: { total: 212_904.33, cash: 9_411.87 },
        }),
      ],
      other: [
        account({
          accountId: '775550640',
          accountIdKey: 'pN5yZk1tGu8IeRaW6cQjHA',
          accountMode: 'MARGIN',
          accountName: 'Not Yours',
          accountType: 'INDIVIDUAL',
          value: { total: 930_112.45, cash: 120_400 },
        }),
      ],
    },
  };

/** A price that is always the same for a symbol: between 10 and 510 dollars. */
export function priceOf(symbol: string): number {
  let mixed = 7;
  for (const character of symbol) mixed = (mixed * 31 + character.charCodeAt(0)) % 50_000;
  return 10 + mixed / 100;
}
