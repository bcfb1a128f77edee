/**
 * What stops a script and is said to the person: what happened, and below it what to do now.
 *
 * Thrown anywhere in `infra/setup`, printed once by `script.ts`. Never holds the value of a secret.
 */

export type ProblemOptions = {
  /** The command line itself is wrong: another try with the same one changes nothing. */
  readonly isUsage?: boolean;
};

export class SetupProblem extends Error {
  readonly advice: readonly string[];
  readonly isUsage: boolean;

  constructor(message: string, advice: readonly string[] = [], options: ProblemOptions = {}) {
    super(message);
    this.name = 'SetupProblem';
    this.advice = advice;
    this.isUsage = options.isUsage ?? false;
  }
}
