import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import type { AwsConfig, Config } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { red, rich } from "../../core/terminal/index.ts";
import { longestSessionMs } from "../../rules/rotation/index.ts";
import { awsPart, type LockedRole, type RolesLocked } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { timeText } from "./show.ts";

/** What of a thief's ways into AWS is to be closed. */
export interface LockOptions {
  readonly cut?: boolean;
  readonly endSessions?: boolean;
}

/** A lockdown as IAM has it; times in milliseconds since the epoch. */
type Lockdown = NonNullable<Parameters<ReturnType<typeof awsPart>["lockRoles"]>[0]>;

/** What became of the roles of one account; `why`: what kept all of them from being looked at, as a sentence. */
export interface AccountLocked extends RolesLocked {
  readonly account: string;
  readonly why?: string;
}

/**
 * What IAM is to hold. While nobody gets in, no session begins, so those begun up to then can be ended: that no clock of ours is
 * asked when a thief's began. Without it those that are there now are.
 */
function lockdownFor(
  { cut = false, endSessions = false }: LockOptions,
  now: number,
  until: number,
): Lockdown {
  const begunBefore = cut ? until : now;
  return {
    ...(cut ? { closedUntil: until } : {}),
    ...(endSessions ? { revoked: { begunBefore, until: begunBefore + longestSessionMs } } : {}),
  };
}

async function lockAccount(
  { context, config, route, open }: Place,
  account: AwsConfig,
  lockdown: Lockdown | undefined,
): Promise<AccountLocked> {
  const { env, clock, signal } = context;
  const part = awsPart({ config, env, clock, route, ...defined({ open }) }, account);
  try {
    await part.open(signal);
    return { account: account.account, ...(await part.lockRoles(lockdown, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    return { account: account.account, roles: [], others: undefined, why: errorText(error) };
  } finally {
    part.close();
  }
}

function roleLine(account: string, { role, serviceAccounts, outcome, why = "" }: LockedRole, done: string) {
  const name = `role ${role} of account ${account}`;
  if (outcome === "failed") return rich`${red("not done")}: ${name}: ${why}`;
  if (outcome === "absent") return `${name} is not there.`;
  if (outcome === "not-ours") return rich`${red("not done")}: ${name} is not this stack's.`;
  return `${name} ${done} (${serviceAccounts.join(", ")})`;
}

function doneText({ closedUntil, revoked }: Lockdown): string {
  const closed =
    closedUntil === undefined ? [] : [`gives no session to a token until ${timeText(closedUntil)}`];
  const ended =
    revoked === undefined
      ? []
      : [`denies everything to sessions begun before ${timeText(revoked.begunBefore)}`];
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
        `Not of this config, and open: ${others.join(", ")} of account ${account} trust the issuer too.`,
      );
    }
  }
}

const isWhole = (accounts: readonly AccountLocked[]): boolean =>
  accounts.every(
    ({ why, roles }) =>
      why === undefined && roles.every(({ outcome }) => outcome === "done" || outcome === "absent"),
  );

/** Where roles are closed or opened. */
export interface Place {
  readonly context: CommandContext;
  readonly config: Config;
  readonly route: IssuerRoute;
  /** How a session of AWS is opened; the SDK's own chain of credentials by default. */
  readonly open?: Parameters<typeof awsPart>[0]["open"];
}

async function lockAll(place: Place, lockdown: Lockdown | undefined): Promise<readonly AccountLocked[]> {
  const { aws, file } = place.config;
  if (aws.every(({ roles }) => roles.length === 0)) {
    throw new PodtrustError("usage", `${file} names no role of AWS`, {
      next: "Leave out --cut, --end-sessions and --reopen: there is nothing that they would change.",
    });
  }
  const accounts: AccountLocked[] = [];
  for (const account of aws) accounts.push(await lockAccount(place, account, lockdown));
  if (!isWhole(accounts)) place.context.exitCode = 1;
  return accounts;
}

function whoBecomes({ aws }: Config): readonly string[] {
  return aws.flatMap(({ account, roles }) =>
    roles.map(
      ({ name, serviceAccounts, subjectPatterns }) =>
        `  role ${name} of account ${account}: ${[...serviceAccounts, ...subjectPatterns].join(", ")}`,
    ),
  );
}

/** Says, before it is done, who breaks by it. `until`: when roles open again. */
export function lockdownWarning(
  config: Config,
  { cut = false, endSessions = false }: LockOptions,
  until: number,
): readonly string[] {
  const closed = cut
    ? [
        `--cut: no token gets a session of these roles until ${timeText(until)} at the latest; sessions that pods hold go on until they end:`,
      ]
    : [];
  const ended = endSessions
    ? [
        "--end-sessions: pods with a session of these roles are denied everything until they begin another. SDKs do so when theirs would end, within an hour in most cases; a pod that is evicted begins with one:",
      ]
    : [];
  const open =
    endSessions && !cut ? ["A thief may begin new sessions meanwhile; --cut keeps him from that."] : [];
  const lines = [...closed, ...ended];
  return lines.length === 0 ? [] : [...lines, ...whoBecomes(config), ...open];
}

/** Closes the roles of a config, and shows what became of each. */
export async function lockRoles(
  place: Place,
  options: LockOptions,
  until: number,
): Promise<readonly AccountLocked[]> {
  const lockdown = lockdownFor(options, place.context.clock.now(), until);
  const accounts = await lockAll(place, lockdown);
  show(place.context, accounts, doneText(lockdown));
  if (lockdown.closedUntil !== undefined) {
    place.context.output.line(
      "IAM opens the roles by itself then, and podtrust up tidies up. podtrust rotate stolen KID --reopen opens them now.",
    );
  }
  return accounts;
}

/** Takes that back before its time, or what is left of it afterwards. */
export async function reopenRoles(place: Place): Promise<readonly AccountLocked[]> {
  const accounts = await lockAll(place, undefined);
  show(place.context, accounts, "is open as before");
  return accounts;
}
