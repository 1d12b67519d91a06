import { randomUUID } from "node:crypto";
import { awsSkewSeconds, parseJws } from "../../rules/oidc/index.ts";
import type { AwsConfig, RoleConfig } from "../../config/index.ts";
import { trusts } from "../parts/index.ts";
import { expired, noToken, notTrusted, otherAudience, type ExpectedRefusal } from "./refusal.ts";

/** A role and what is tried with it. */
export interface Tried {
  readonly issuer: string;
  readonly account: AwsConfig;
  readonly role: RoleConfig;
}

/** What a case may use. */
export interface CaseTools {
  /** A token of a ServiceAccount; throws the cluster's error. */
  mint(serviceAccount: string, audience: string): Promise<string>;
  /** Whether a ServiceAccount exists. */
  exists(serviceAccount: string): Promise<boolean>;
  /** Waits until a time, in milliseconds since the epoch, with a reason on the screen. */
  waitUntil(at: number, reason: string): Promise<void>;
}

/** One call to be made. */
export interface Case extends Tried {
  readonly name: string;
  /** Absent: it has to succeed. */
  readonly refusal?: ExpectedRefusal;
  /** Waits for minutes, idle meanwhile. */
  readonly waits?: boolean;
  /** The token of the call; undefined for a call without one. Throws `LeftOut`. */
  token(tools: CaseTools): Promise<string | undefined>;
}

/** Why a case cannot be tried. */
export class LeftOut extends Error {}

function positives(tried: Tried): readonly Case[] {
  const { account, role } = tried;
  const [audience = ""] = account.audiences;
  return role.serviceAccounts.map((serviceAccount) => ({
    ...tried,
    name: `${serviceAccount} is authorized`,
    token: (tools) => tools.mint(serviceAccount, audience),
  }));
}

function otherServiceAccount(tried: Tried, other: string | undefined): Case {
  const { account, role } = tried;
  const [trusted = ""] = role.serviceAccounts;
  // Every namespace has it (kube-controller-manager makes it), and hardly any role trusts it.
  const name = other ?? `${trusted.split("/")[0]}/default`;
  return {
    ...tried,
    name: `another ServiceAccount, ${name}, is refused`,
    refusal: notTrusted,
    async token(tools) {
      if (trusts(tried, name))
        throw new LeftOut(`the role trusts ${name}; name one that it does not by --other`);
      if (!(await tools.exists(name))) {
        throw new LeftOut(`there is no ServiceAccount ${name}; name one that is there by --other`);
      }
      return tools.mint(name, account.audiences[0] ?? "");
    },
  };
}

function misaddressed(tried: Tried): Case {
  const [trusted = ""] = tried.role.serviceAccounts;
  return {
    ...tried,
    name: `${trusted} with a token for another audience is refused`,
    refusal: otherAudience,
    // Cannot be registered by accident.
    token: (tools) => tools.mint(trusted, `podtrust-test-${randomUUID()}`),
  };
}

function tokenless(tried: Tried): Case {
  return {
    ...tried,
    name: "a call without a token is refused",
    refusal: noToken,
    token: () => Promise.resolve(undefined),
  };
}

function outlived(tried: Tried, wait: boolean): Case {
  const { account, role } = tried;
  const [trusted = ""] = role.serviceAccounts;
  return {
    ...tried,
    name: `${trusted} with an expired token is refused`,
    refusal: expired,
    waits: wait,
    async token(tools) {
      if (!wait) throw new LeftOut("the shortest token lives ten minutes: --wait-expiry waits for its end");
      const token = await tools.mint(trusted, account.audiences[0] ?? "");
      const end = Number(parseJws(token).claims["exp"]);
      await tools.waitUntil(
        (end + awsSkewSeconds + 1) * 1000,
        "the shortest token has to expire, and AWS's allowance for clocks to pass",
      );
      return token;
    },
  };
}

/** What is tried with a role: each ServiceAccount that it names gets in, and no other. */
export function casesOf(
  tried: Tried,
  options: { readonly other?: string | undefined; readonly waitExpiry: boolean },
): readonly Case[] {
  if (tried.role.serviceAccounts.length === 0) return [];
  return [
    ...positives(tried),
    otherServiceAccount(tried, options.other),
    misaddressed(tried),
    tokenless(tried),
    outlived(tried, options.waitExpiry),
  ];
}
