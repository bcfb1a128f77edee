/**
 * `token-cadence doctor`: a line for each thing the system stands on: ok, or what is wrong and what to do.
 *
 * Changes nothing that matters and tells nobody. With `--json` one document for scripts.
 */

import { ConfigError } from '../errors.ts';
import { diagnose, verdictOf } from '../operations/diagnose.ts';
import { broken, type Finding } from '../operations/finding.ts';
import { homeCalendar } from '../operations/markets.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { examples } from './command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { showFinding } from './finding-text.ts';
import { cityOf, momentText } from './moments.ts';

type DoctorOptions = { readonly json?: boolean };

export const addDoctor: AddCommand = (program, run) => {
  program
    .command('doctor')
    .description('look at everything this system stands on, and say what to do')
    .option('--json', 'one document: { verdict, findings: [{ check, verdict, what, fix }] }')
    .addHelpText(
      'after',
      `${examples('doctor', 'doctor --json')}

It leaves traces: at each broker it opens a request token, the beginning of a
sign-in that nobody finishes; it writes each record back as it is, and the bot
shows "typing". No token is changed, nothing is published or sent.
Exits with 0 only when all is well.`,
    )
    .action(run(doctor));
};

export async function doctor(context: CommandContext, options: DoctorOptions): Promise<ExitCode> {
  const { terminal } = context;
  const findings: Finding[] = [];
  let zone = 'UTC';
  const readMoment = (at: number): string =>
    `${momentText(at, context.clock(), zone)} ${cityOf(zone)}`;
  const show = (finding: Finding): void => {
    findings.push(finding);
    if (options.json === true) return;
    showFinding(terminal, finding, { momentText: readMoment });
  };
  const end = (code: ExitCode): ExitCode => {
    const verdict = verdictOf(findings);
    if (options.json === true) terminal.line(JSON.stringify({ verdict, findings }, null, 2));
    else showSummary(terminal, findings);
    return code;
  };
  let system: ReturnType<CommandContext['compose']>;
  try {
    system = context.compose({ people: true });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const wrong of error.problems) show(settingFinding(wrong));
    return end(EXIT.usage);
  }
  if (system.checks === null) throw new ConfigError(['"TOKEN_CADENCE_APP" is missing']);
  zone = homeCalendar(system).zone;
  const found = diagnose(system, system.checks);
  for (;;) {
    const next = await terminal.progress('Looking', found.next());
    if (next.done === true) break;
    show(next.value);
  }
  return end(verdictOf(findings) === 'ok' ? EXIT.ok : EXIT.failed);
}

/** `"PUBLIC_URL" is missing: the address people open`: the name and fact, then what belongs there. */
function settingFinding(text: string): Finding {
  const [what = '', ...rest] = text.split(': ');
  return broken(
    'configuration',
    what,
    rest.length > 0 ? rest.join(': ') : 'see README.md, "Settings"',
  );
}

function showSummary({ note }: CommandContext['terminal'], findings: readonly Finding[]): void {
  note();
  note(summaryOf(findings), 0);
}

function summaryOf(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ verdict }) => verdict !== 'ok');
  if (wrong.length === 0) return 'All is well.';
  const first = wrong.find(({ verdict }) => verdict === 'broken') ?? wrong[0];
  const need = wrong.length === 1 ? 'needs' : 'need';
  return `${wrong.length} of ${findings.length} ${need} a look. Begin with "${first?.check}".`;
}
