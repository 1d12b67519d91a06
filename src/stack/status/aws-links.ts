import { mapLimit } from "../../base/index.ts";
import type { AwsConfig, RoleConfig } from "../../config/index.ts";
import { parseSubject } from "../../oidc/index.ts";
import { ownerText } from "../../plan/index.ts";
import {
  admissionOf,
  type Exchange,
  type Look,
  type OidcProviderFacts,
  providerArnOf,
  roleArnOf,
  type RoleState,
} from "../parts/index.ts";
import { lengthText } from "./ages.ts";
import { oneOfEach, tokenFor } from "./cluster-links.ts";
import { BehindError, type Finding, findingOf } from "./report.ts";
import type { Expectation, World } from "./world.ts";

const fresh = "read now";
const fromIam = ({ account }: AwsConfig): string => `IAM of account ${account}`;
const upMakesIt = "Make it: podtrust up.";

const noAccount = (world: World): readonly Finding[] => [
  { outcome: "unseen", seen: "the config names no AWS account", from: world.config.file },
];

function ownership({ observed }: Look<unknown>, what: string, from: string): readonly Finding[] {
  if (!observed.exists || observed.owner.kind === "ours") return [];
  const seen = `${what} does not carry this stack's mark: it looks like ${ownerText(observed.owner)}'s`;
  return [
    { outcome: "warning", seen, from, next: "Take it over with podtrust import, or leave it to them." },
  ];
}

function drift(fields: readonly string[], what: string, from: string): readonly Finding[] {
  if (fields.length === 0) return [];
  const seen = `${what} differs from the config in ${fields.join(", ")}`;
  return [{ outcome: "warning", seen, from, next: "podtrust plan shows how; podtrust up mends it." }];
}

function audiencesFinding(account: AwsConfig, { clientIds, arn }: OidcProviderFacts, from: string): Finding {
  const missing = account.audiences.filter((audience) => !clientIds.includes(audience));
  if (missing.length === 0) {
    return { outcome: "ok", seen: `${arn}, for the audience ${clientIds.join(", ")}`, from, fresh };
  }
  const seen = `${arn} does not accept the audience ${missing.join(", ")} (it accepts ${clientIds.join(", ")})`;
  return { outcome: "broken", seen, from, fresh, next: "Add it: podtrust up." };
}

async function lookAtOneProvider(world: World, account: AwsConfig): Promise<readonly Finding[]> {
  const from = fromIam(account);
  try {
    const seen = await (await world.opened(account)).lookAtProvider(world.signal);
    if (!seen.observed.exists) {
      const arn = providerArnOf(account, world.config.issuer);
      return [{ outcome: "broken", seen: `there is no OIDC provider ${arn}`, from, fresh, next: upMakesIt }];
    }
    const rest = seen.fields.filter((field) => field !== "audiences");
    const what = "the OIDC provider";
    return [
      audiencesFinding(account, seen.observed.state, from),
      ...ownership(seen, what, from),
      ...drift(rest, what, from),
    ];
  } catch (error) {
    return [findingOf(error, from)];
  }
}

/** The OIDC provider in each account. */
export async function lookAtProviders(world: World): Promise<readonly Finding[]> {
  if (world.config.aws.length === 0) return noAccount(world);
  return (await mapLimit(world.config.aws, (account) => lookAtOneProvider(world, account))).flat();
}

interface Role {
  readonly account: AwsConfig;
  readonly role: RoleConfig;
}

function rolesOf(world: World): readonly Role[] {
  return world.config.aws.flatMap((account) => account.roles.map((role) => ({ account, role })));
}

async function roleOf(world: World, { account, role }: Role): Promise<Look<RoleState>> {
  try {
    await world.opened(account);
  } catch (error) {
    throw new BehindError("provider", error);
  }
  return world.role(account, role);
}

// What the permissions are made of; the rest of a role is about who may have it.
const isPermission = (field: string): boolean => /^(?:policies|boundary|inline\.)/u.test(field);

function admission(world: World, { account, role }: Role, state: RoleState): readonly Finding[] {
  const from = fromIam(account);
  const trusting = { issuer: world.config.issuer, account, role };
  const now = world.clock.now();
  const names: string[] = [];
  const found = role.serviceAccounts.flatMap((serviceAccount): readonly Finding[] =>
    account.audiences.flatMap((audience): readonly Finding[] => {
      const answer = admissionOf(trusting, state, { serviceAccount, audience, now });
      if (answer.outcome === "refused") {
        const seen = `${state.arn} does not let in ${serviceAccount}: ${answer.refusal.why}`;
        const next = "podtrust plan shows how its trust policy differs; podtrust up mends it.";
        return [{ outcome: "broken", seen, from, fresh, next }];
      }
      if (answer.outcome === "admitted") {
        names.push(...answer.hinges.map(({ value }) => value ?? ""));
        return [];
      }
      const keys = answer.hinges.map(({ key }) => key).join(", ");
      const seen = `whether ${state.arn} lets in ${serviceAccount} hangs on ${keys}, which only the call itself brings`;
      return [{ outcome: "warning", seen, from, fresh }];
    }),
  );
  if (found.length > 0) return found;
  const who = [...role.serviceAccounts, ...role.subjectPatterns].join(", ");
  const session = names.length === 0 ? "" : `, with the session name ${[...new Set(names)].join(", ")}`;
  return [{ outcome: "ok", seen: `${state.arn} lets in ${who}${session}`, from, fresh }];
}

async function lookAtTrust(world: World, one: Role): Promise<readonly Finding[]> {
  const from = fromIam(one.account);
  try {
    const seen = await roleOf(world, one);
    if (!seen.observed.exists) {
      const arn = roleArnOf(one.account, one.role);
      return [{ outcome: "broken", seen: `there is no role ${arn}`, from, fresh, next: upMakesIt }];
    }
    const { state } = seen.observed;
    const what = `role ${one.role.name}`;
    const rest = seen.fields.filter((field) => !isPermission(field));
    return [...admission(world, one, state), ...ownership(seen, what, from), ...drift(rest, what, from)];
  } catch (error) {
    return [findingOf(error, from)];
  }
}

/** The roles, and whom their trust policies let in. */
export async function lookAtRoles(world: World): Promise<readonly Finding[]> {
  if (world.config.aws.length === 0) return noAccount(world);
  return (await mapLimit(rolesOf(world), (one) => lookAtTrust(world, one))).flat();
}

async function askSts(world: World, expected: Expectation): Promise<Finding> {
  const { account, role, serviceAccount } = expected;
  const from = `STS in ${account.region}`;
  const roleArn = roleArnOf(account, role);
  let answer: Exchange;
  try {
    const token = await tokenFor(world, expected);
    answer = await world.part(account).exchange(role, token, world.signal);
  } catch (error) {
    world.signal.throwIfAborted();
    return findingOf(error, from);
  }
  if (answer.kind === "refused") {
    return {
      outcome: "broken",
      seen: `${serviceAccount} for ${roleArn}: ${answer.code}: ${answer.message}`,
      from,
      fresh: "answered now",
      next: `podtrust explain says by which rule: podtrust token ${serviceAccount} --raw | podtrust explain --token - --role ${roleArn}`,
    };
  }
  const { arn, subject, expiration } = answer;
  const who = parseSubject(subject);
  const name = who === undefined ? serviceAccount : `${who.namespace}/${who.name}`;
  const good = `answered now, credentials good for ${lengthText(expiration - world.clock.now())}`;
  return { outcome: "ok", seen: `${name} is ${arn}`, from, fresh: good };
}

/** What STS answers to a real token of each role. */
export async function lookAtSts(world: World): Promise<readonly Finding[]> {
  const expected = oneOfEach(world);
  if (expected.length === 0) return noAccount(world);
  return mapLimit(expected, (one) => askSts(world, one));
}

function permissionText({ policies, inline, boundary }: RoleState): string {
  const parts = [
    ...policies.map((arn) => arn.split("/").at(-1) ?? arn),
    ...Object.keys(inline).map((name) => `inline ${name}`),
  ];
  const limit = boundary === undefined ? "" : `, within the boundary ${boundary.split("/").at(-1) ?? ""}`;
  return parts.length === 0 ? "no policy at all" : `${parts.join(", ")}${limit}`;
}

async function lookAtPermission(world: World, one: Role): Promise<Finding> {
  const from = fromIam(one.account);
  try {
    const { observed, fields } = await roleOf(world, one);
    if (!observed.exists) return findingOf(new BehindError("trust", undefined), from);
    const has = `role ${one.role.name} has ${permissionText(observed.state)}`;
    const wrong = fields.filter(isPermission);
    if (wrong.length === 0) return { outcome: "ok", seen: has, from, fresh };
    const seen = `${has}; that differs from the config in ${wrong.join(", ")}`;
    return { outcome: "broken", seen, from, fresh, next: "podtrust plan shows how; podtrust up mends it." };
  } catch (error) {
    return findingOf(error, from);
  }
}

/** What the roles may do, as the config has it. */
export async function lookAtPermissions(world: World): Promise<readonly Finding[]> {
  if (world.config.aws.length === 0) return noAccount(world);
  return mapLimit(rolesOf(world), (one) => lookAtPermission(world, one));
}
