import { defined, errorText, PodtrustError, isoSeconds } from "../../core/base/index.ts";
import type { AwsConfig, Config } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { red, rich } from "../../core/terminal/index.ts";
import { maxSessionMs } from "../../rules/rotation/index.ts";
import {
  type AwsPart,
  awsPart,
  type Lockdown,
  type LockedRole,
  type RolesLocked,
} from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/** Which of a thief's ways into AWS to close. */
export interface LockdownOptions {
  readonly cut?: boolean;
  readonly endSessions?: boolean;
}

/** What became of the roles of one account; `why`: why they could not be read, as a sentence. */
export interface AccountLocked extends RolesLocked {
  readonly account: string;
  readonly why?: string;
}

/**
 * The desired state of IAM. While the roles are closed no session begins, so all sessions up to their end can
 * be ended: then no clock of ours has to say when a thief's began. Otherwise only present sessions are ended.
 */
function lockdownFor(
  { cut = false, endSessions = false }: LockdownOptions,
  now: number,
  until: number,
): Lockdown {
  const begunBefore = cut ? until : now;
  return {
    ...(cut ? { closedUntil: until } : {}),
    ...(endSessions ? { revoked: { begunBefore, until: begunBefore + maxSessionMs } } : {}),
  };
}

/** Opens one account, hands it to `work`, and closes it; `failed` turns an error into a result. */
async function atAccount<T>(
  { context, config, route, open }: RotateRun,
  account: AwsConfig,
  work: (part: AwsPart) => Promise<T>,
  failed: (why: string) => T,
): Promise<T> {
  const { env, clock, signal } = context;
  const part = awsPart({ config, env, clock, route, ...defined({ open }) }, account);
  try {
    await part.open(signal);
    return await work(part);
  } catch (error) {
    signal.throwIfAborted();
    return failed(errorText(error));
  } finally {
    part.close();
  }
}

function lockAccount(
  run: RotateRun,
  account: AwsConfig,
  lockdown: Lockdown | undefined,
): Promise<AccountLocked> {
  const { signal } = run.context;
  return atAccount<AccountLocked>(
    run,
    account,
    async (part) => ({ account: account.account, ...(await part.lockRoles(lockdown, signal)) }),
    (why) => ({ account: account.account, roles: [], others: undefined, why }),
  );
}

function roleLine(account: string, { role, serviceAccounts, outcome, why = "" }: LockedRole, done: string) {
  const name = `role ${role} of account ${account}`;
  if (outcome === "failed") return rich`${red("not done")}: ${name}: ${why}`;
  if (outcome === "absent") return `${name} does not exist.`;
  if (outcome === "not-ours") return rich`${red("not done")}: ${name} is not this stack's.`;
  return `${name} ${done} (${serviceAccounts.join(", ")})`;
}

function doneText({ closedUntil, revoked }: Lockdown): string {
  const closed =
    closedUntil === undefined ? [] : [`gives no session to a token until ${isoSeconds(closedUntil)}`];
  const ended =
    revoked === undefined
      ? []
      : [`denies everything to sessions begun before ${isoSeconds(revoked.begunBefore)}`];
  return [...closed, ...ended].join(", and ");
}

function show({ output }: CommandContext, accounts: readonly AccountLocked[], done: string): void {
  for (const { account, roles, others, why } of accounts) {
    if (why !== undefined) output.line(rich`${red("not done")}: account ${account}: ${why}`);
    for (const role of roles) output.line(roleLine(account, role, done));
    if (why === undefined && others === undefined)
      output.line(`Which other roles of account ${account} trust the issuer could not be listed.`);
    if (others !== undefined && others.length > 0) {
      output.line(
        `Of neither this config nor its bindings, and open: ${others.join(", ")} of account ${account} trust the issuer too.`,
      );
    }
  }
}

const isWhole = (accounts: readonly AccountLocked[]): boolean =>
  accounts.every(
    ({ why, roles }) =>
      why === undefined && roles.every(({ outcome }) => outcome === "done" || outcome === "absent"),
  );

/** What a command of rotate works with: its config, and how issuer and AWS are reached. */
export interface RotateRun {
  readonly context: CommandContext;
  readonly config: Config;
  readonly route: IssuerRoute;
  /** How a session of AWS is opened; the SDK's own chain of credentials by default. */
  readonly open?: Parameters<typeof awsPart>[0]["open"];
}

async function lockAll(run: RotateRun, lockdown: Lockdown | undefined): Promise<readonly AccountLocked[]> {
  const { aws, file } = run.config;
  if (aws.length === 0) {
    throw new PodtrustError("usage", `${file} names no account of AWS`, {
      next: "Leave out --cut, --end-sessions and --reopen: there is nothing that they would change.",
    });
  }
  const accounts: AccountLocked[] = [];
  for (const account of aws) accounts.push(await lockAccount(run, account, lockdown));
  if (!isWhole(accounts)) run.context.exitCode = 1;
  return accounts;
}

/**
 * Which ServiceAccounts have the roles of one account: those of the config, and those that the operator made
 * for bindings.
 */
async function whoBecomes(run: RotateRun, aws: AwsConfig): Promise<readonly string[]> {
  const { account, roles } = aws;
  const line = (role: string, by: readonly string[]): string =>
    `  role ${role} of account ${account}: ${by.join(", ")}`;
  const unlisted = (why: string): readonly string[] => [
    `  account ${account}: its roles of bindings could not be listed${why === "" ? "" : `: ${why}`}`,
  ];
  const bound = await atAccount<readonly string[]>(
    run,
    aws,
    async (part) =>
      (await part.boundRoles(run.context.signal))?.map((one) => line(one.role, one.serviceAccounts)) ??
      unlisted(""),
    unlisted,
  );
  const own = roles.map((one) => line(one.name, [...one.serviceAccounts, ...one.subjectPatterns]));
  return [...own, ...bound];
}

/** Says in advance which pods break. `until`: when roles open again. Prints nothing if no role is closed. */
export async function lockdownWarning(
  run: RotateRun,
  { cut = false, endSessions = false }: LockdownOptions,
  until: number,
): Promise<readonly string[]> {
  if (!cut && !endSessions) return [];
  const closed = cut
    ? [
        `--cut: no token gets a session of these roles until ${isoSeconds(until)} at the latest; existing sessions of pods last until they end:`,
      ]
    : [];
  const ended = endSessions
    ? [
        "--end-sessions: pods with a session of these roles are denied everything until they begin another. SDKs do so when theirs would end, within an hour in most cases; a pod that is evicted begins with one:",
      ]
    : [];
  const open =
    endSessions && !cut ? ["A thief may begin new sessions meanwhile; --cut keeps him from that."] : [];
  const who: string[] = [];
  for (const account of run.config.aws) who.push(...(await whoBecomes(run, account)));
  return [...closed, ...ended, ...who, ...open];
}

/** Closes the roles of a config and of its bindings, and shows what became of each. */
export async function lockRoles(
  run: RotateRun,
  options: LockdownOptions,
  until: number,
): Promise<readonly AccountLocked[]> {
  const lockdown = lockdownFor(options, run.context.clock.now(), until);
  const accounts = await lockAll(run, lockdown);
  show(run.context, accounts, doneText(lockdown));
  if (lockdown.closedUntil !== undefined) {
    run.context.output.line(
      "IAM opens the roles by itself then; podtrust up and the operator tidy up. podtrust rotate stolen KID --reopen opens them now.",
    );
  }
  return accounts;
}

/** Reverts that before its time, or removes what is left of it afterwards. */
export async function reopenRoles(run: RotateRun): Promise<readonly AccountLocked[]> {
  const accounts = await lockAll(run, undefined);
  show(run.context, accounts, "is open as before");
  return accounts;
}
