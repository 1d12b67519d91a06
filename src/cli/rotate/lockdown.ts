import { defined, errorText, isoSeconds } from "../../core/base/index.ts";
import type { AwsConfig, Config } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { red, rich } from "../../core/terminal/index.ts";
import { maxSessionMs } from "../../rules/rotation/index.ts";
import {
  type AwsPart,
  awsPart,
  type LockedRole,
  type RoleChange,
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

/** A change of roles, and what it does to one, as the end of a sentence that begins with the role. */
interface NamedChange {
  readonly change: RoleChange;
  readonly done: string;
}

const revokedFrom = (now: number) => ({ begunBefore: now, until: now + maxSessionMs });

/** What is done to the roles: closing denies all of their sessions too. */
function lockdownFor({ cut = false }: LockdownOptions, now: number): NamedChange {
  if (cut)
    return {
      change: { lockdown: { closed: true } },
      done: "lets no token in, and denies everything to its sessions, until it is opened",
    };
  return {
    change: { lockdown: { revoked: revokedFrom(now) } },
    done: `denies everything to sessions begun before ${isoSeconds(now)}`,
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
  { change }: NamedChange,
  only: readonly string[] | undefined,
): Promise<AccountLocked> {
  const { signal } = run.context;
  return atAccount<AccountLocked>(
    run,
    account,
    async (part) => ({ account: account.account, ...(await part.lockRoles(change, signal, only)) }),
    (why) => ({ account: account.account, roles: [], isWhole: false, why }),
  );
}

/** Of a role that neither the config nor a binding names. */
const others = "another's, which trusts the issuer";

function roleLine(account: string, { role, serviceAccounts, outcome, why = "" }: LockedRole, done: string) {
  const name = `role ${role} of account ${account}`;
  if (outcome === "failed") return rich`${red("not done")}: ${name}: ${why}`;
  if (outcome === "absent") return `${name} does not exist.`;
  if (outcome === "not-ours") return rich`${red("not done")}: ${name} is not this stack's.`;
  const who =
    serviceAccounts.length === 0 ? "another's, which trusts the issuer" : serviceAccounts.join(", ");
  return `${name} ${done} (${who})`;
}

function show({ output }: CommandContext, accounts: readonly AccountLocked[], done: string): void {
  for (const { account, roles, isWhole: isListed, why } of accounts) {
    if (why !== undefined) output.line(rich`${red("not done")}: account ${account}: ${why}`);
    for (const role of roles) output.line(roleLine(account, role, done));
    if (why === undefined && !isListed)
      output.line(
        rich`${red("not done")}: account ${account}: which other roles trust the issuer could not be listed, and they are as they were.`,
      );
  }
}

const isWhole = (accounts: readonly AccountLocked[]): boolean =>
  accounts.every(
    ({ why, roles, isWhole: isListed }) =>
      why === undefined &&
      isListed &&
      roles.every(({ outcome }) => outcome === "done" || outcome === "absent"),
  );

/** What a command of rotate works with: its config, and how issuer and AWS are reached. */
export interface RotateRun {
  readonly context: CommandContext;
  readonly config: Config;
  readonly route: IssuerRoute;
  /** How a session of AWS is opened; the SDK's own chain of credentials by default. */
  readonly open?: Parameters<typeof awsPart>[0]["open"];
}

async function changeAll(
  run: RotateRun,
  named: NamedChange,
  only?: readonly string[],
): Promise<readonly AccountLocked[]> {
  const accounts: AccountLocked[] = [];
  for (const account of run.config.aws) accounts.push(await lockAccount(run, account, named, only));
  if (!isWhole(accounts)) run.context.exitCode = 1;
  show(run.context, accounts, named.done);
  return accounts;
}

/** Who becomes the roles of one account that trust the issuer, as far as it is known. */
async function whoBecomes(run: RotateRun, aws: AwsConfig): Promise<readonly string[]> {
  const { account, roles } = aws;
  const line = (role: string, by: readonly string[]): string =>
    `  role ${role} of account ${account}: ${by.length === 0 ? others : by.join(", ")}`;
  const unlisted = (why: string): readonly string[] => [
    `  account ${account}: its other roles could not be listed${why === "" ? "" : `: ${why}`}`,
  ];
  const bound = await atAccount<readonly string[]>(
    run,
    aws,
    async (part) =>
      (await part.rolesBeside(run.context.signal))?.map((one) => line(one.role, one.serviceAccounts)) ??
      unlisted(""),
    unlisted,
  );
  const own = roles.map((one) => line(one.name, [...one.serviceAccounts, ...one.subjectPatterns]));
  return [...own, ...bound];
}

/** Says in advance which pods break. Prints nothing if no role is closed. */
export async function lockdownWarning(
  run: RotateRun,
  { cut = false, endSessions = false }: LockdownOptions,
): Promise<readonly string[]> {
  if (!cut && !endSessions) return [];
  const closed = cut
    ? [
        "--cut: no token gets a session of any role that trusts the issuer, and existing sessions are denied everything, until podtrust rotate stolen KID --reopen opens them; no time does:",
      ]
    : [
        "--end-sessions: pods with a session of these roles are denied everything until they begin another. SDKs do so when theirs would end, within an hour in most cases; a pod that is evicted begins with one:",
        "A thief may begin new sessions meanwhile; --cut keeps him from that.",
      ];
  const who: string[] = [];
  for (const account of run.config.aws) who.push(...(await whoBecomes(run, account)));
  return [...closed, ...who];
}

/** Closes every role that trusts the issuer, or ends its sessions, and shows what became of each. */
export function lockRoles(run: RotateRun, options: LockdownOptions): Promise<readonly AccountLocked[]> {
  return changeAll(run, lockdownFor(options, run.context.clock.now()));
}

/** Opens closed roles, all or those of these names; sessions from before stay denied. By the cloud's credentials alone. */
export function reopenRoles(run: RotateRun, only?: readonly string[]): Promise<readonly AccountLocked[]> {
  const now = run.context.clock.now();
  const done = `is open again, but for sessions begun before ${isoSeconds(now)}`;
  return changeAll(run, { change: { reopen: revokedFrom(now) }, done }, only);
}
