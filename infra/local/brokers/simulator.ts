/**
 * What every broker simulator is: answers HTTP, plays the person, has switches, counts its calls.
 *
 * Types only. Implemented by one simulator per broker, mounted by `runner/brokers.ts`, driven by tests.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Random, Wait } from '../../../functions/clock.ts';
import type { Environment } from '../../../functions/lifecycle/session.ts';

/** An app's credentials as the broker has them on file. */
export type Consumer = {
  readonly key: string;
  readonly secret: string;
  readonly environment: Environment;
  /**
   * Where redirects lead, as registered with the key. Left out: any address will do.
   * @default null
   */
  readonly redirectUrl?: string | null;
  /**
   * Where tokens are posted that the person approved in the broker's app, as registered with the key.
   * @default null
   */
  readonly notifierUrl?: string | null;
};

/** What approving gives the person: a code to copy, or the address the broker sends the browser to. */
export type Approval = { readonly pin: string } | { readonly redirect: string };

export type SimulatorOptions<Snapshot = unknown> = {
  /** Virtual time; also the `Date` of every answer. */
  readonly clock: Clock;
  /** Origin of the server it is mounted on; its scheme is the one clients are taken to have used. */
  readonly baseUrl: string;
  readonly consumers: readonly Consumer[];
  readonly random?: Random;
  /** Real waiting, for the fault `slowMs`. */
  readonly wait?: Wait;
  /** What `onChange` gave last, to go on with the same tokens. Switches and counts start afresh. */
  readonly snapshot?: unknown;
  /** Called with plain JSON before any answer that changed what the broker remembers. */
  readonly onChange?: (snapshot: Snapshot) => void;
};

export type BrokerStats = {
  /** Answers by endpoint and status; `cut` counts connections that got none. */
  readonly calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Access tokens by what they are good for now. */
  readonly accessTokens: Readonly<Record<string, number>>;
};

export type BrokerSimulator = {
  /** Answers one request whose path begins with the broker's name. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /**
   * Logs in and accepts, for the newest open sign-in of this key; `null` when there is none. A broker that
   * redirects knows of a sign-in only once its login page has been asked for.
   */
  approve(consumerKey: string): Approval | null;
  /** All switches, common faults included. */
  readonly switchNames: readonly string[];
  /**
   * Sets a switch; `null` puts it back to its default.
   * @throws {SwitchError} naming the allowed values
   */
  setSwitch(name: string, value: unknown): void;
  clearSwitches(): void;
  stats(): BrokerStats;
};

/** Where a product that uses the simulator is led to, for one environment. */
export type SimulatorUrls = {
  readonly oauthUrl: string;
  readonly apiUrl: string;
  readonly authorizeUrl: string;
};

/** A simulator as the local run mounts it. */
export type SimulatorEntry = {
  /** `etrade`, as in session keys; the first part of its paths. */
  readonly name: string;
  readonly create: (options: SimulatorOptions) => BrokerSimulator;
  /** By environment, below the origin of the server; an environment that is missing does not exist. */
  readonly urls: (base: string) => Readonly<Partial<Record<Environment, SimulatorUrls>>>;
  /** Below the API's address: what a trading program that has nothing to do asks for now and then. */
  readonly samplePath: string;
};
