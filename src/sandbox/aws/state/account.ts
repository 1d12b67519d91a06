import type {
  AdminAccessKey,
  InstanceProfile,
  ManagedPolicy,
  OidcProvider,
  Parameter,
  Role,
  Session,
} from "./records.ts";
import { Table } from "./table.ts";

/** The whole state of one account. */
export interface Account {
  /** Twelve digits. */
  readonly id: string;
  /** By ARN. */
  readonly providers: Table<OidcProvider>;
  /** By name in lower case: names are unique ignoring case. */
  readonly roles: Table<Role>;
  /** By name in lower case. */
  readonly instanceProfiles: Table<InstanceProfile>;
  /** By ARN. */
  readonly policies: Table<ManagedPolicy>;
  /** By `region/name`: parameters live in a region. */
  readonly parameters: Table<Parameter>;
  /** By access key id. */
  readonly keys: Table<AdminAccessKey>;
  /** By access key id. */
  readonly sessions: Table<Session>;
}

/** The names of an account's tables, which are also the names of its files. */
export const tableNames = [
  "providers",
  "roles",
  "instanceProfiles",
  "policies",
  "parameters",
  "keys",
  "sessions",
] as const;

export function emptyAccount(id: string): Account {
  return {
    id,
    providers: new Table(),
    roles: new Table(),
    instanceProfiles: new Table(),
    policies: new Table(),
    parameters: new Table(),
    keys: new Table(),
    sessions: new Table(),
  };
}

/** A role's name as the key of its table. */
export function roleKey(name: string): string {
  return name.toLowerCase();
}

/** Ends the wait for all changes so far: STS sees these roles, all by default, as IAM does. */
export function spreadRoles({ roles }: Account, names?: readonly string[]): void {
  for (const { trustBefore: _, ...role } of roles.values()) {
    if (names?.includes(role.name) !== false) roles.set(roleKey(role.name), { ...role, spread: true });
  }
}

/**
 * The role as STS sees it at `now`: undefined while a new one has not spread, and with its earlier trust policy while a
 * change has not. IAM itself sees everything at once.
 */
export function seenRole(
  account: Account,
  name: string,
  now: number,
  propagationMs: number,
): Role | undefined {
  const role = account.roles.get(roleKey(name));
  if (role === undefined) return undefined;
  if (role.spread !== true && now < role.createDate + propagationMs) return undefined;
  const spread = now >= role.trustChanged + propagationMs;
  return spread || role.trustBefore === undefined ? role : { ...role, trustPolicy: role.trustBefore };
}
