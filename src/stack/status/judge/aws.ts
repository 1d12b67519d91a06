import { defined, PodtrustError } from "../../../core/base/index.ts";
import type { RoleConfig } from "../../../config/index.ts";
import { readArn } from "../../../rules/oidc/index.ts";
import { awsTags, ownerText, stepForOwner } from "../../../rules/plan/index.ts";
import { diffPolicies, parsePolicy } from "../../../rules/trust/index.ts";
import {
  admissionOf,
  isClosedAfterTheft,
  type ResourceDrift,
  type OidcProviderFacts,
  providerArnOf,
  roleArnOf,
  type RoleState,
  formerIssuersOf,
  trustPolicyOf,
} from "../../parts/index.ts";
import type { AccountFacts, JudgedFacts, RoleReading } from "../facts.ts";
import { type Finding, finding, skipped } from "../finding.ts";
import { awsFinding, valueOf } from "./errors.ts";

const fresh = "read now";
const fromIam = ({ account }: AccountFacts): string => `IAM of account ${account.account}`;

const noAccount = ({ config }: JudgedFacts): readonly Finding[] => [
  finding("AwsNotConfigured", { seen: "the config names no AWS account", from: config.file }),
];

/** A resource that may be another owner's: its name for `import`, and the alternative if it should stay so. */
interface Claimed {
  readonly what: string;
  readonly name: string;
  readonly elsewhere: string;
}

/** Its other owner, and what helps: `up` changes nothing that is not the stack's. */
function ownership(
  { observed }: ResourceDrift<unknown>,
  from: string,
  { what, name, elsewhere }: Claimed,
): readonly Finding[] {
  if (!observed.exists || observed.owner.kind === "ours") return [];
  const seen = `${what} does not carry this stack's tags: it seems to belong to ${ownerText(observed.owner)}`;
  const next = stepForOwner(observed.owner) ?? `Take it over with podtrust import ${name}, or ${elsewhere}.`;
  return [finding("NotOwned", { seen, from, next })];
}

/** The fields in which it differs, without the tags that name its owner: those are `ownership`'s. */
function differing({ observed, fields }: ResourceDrift<unknown>): readonly string[] {
  if (!observed.exists || observed.owner.kind === "ours") return fields;
  return fields.filter((field) => !awsTags.isOwn(field.replace(/^tags\./u, "")));
}

/** What fixes a resource that is not ours, in place of `podtrust up`. */
function nextOf([owned]: readonly Finding[]): { readonly next?: string } {
  return defined({ next: owned?.next });
}

const claimedRole = ({ name }: RoleConfig): Claimed => ({
  what: `role ${name}`,
  name,
  elsewhere: "choose another name for the role in the config",
});

function providerFindings({ config }: JudgedFacts, facts: AccountFacts): readonly Finding[] {
  const from = fromIam(facts);
  const { account } = facts;
  const read = valueOf(facts.provider, from, awsFinding);
  if ("finding" in read) return [read.finding];
  const look: ResourceDrift<OidcProviderFacts> = read.value;
  if (!look.observed.exists) {
    const seen = `there is no OIDC provider ${providerArnOf(account, config.issuer)}`;
    return [finding("ProviderMissing", { seen, from, fresh })];
  }
  const { arn, clientIds } = look.observed.state;
  const missing = account.audiences.filter((audience) => !clientIds.includes(audience));
  const drift = differing(look).filter((field) => field !== "audiences");
  const claimed = { what: "the OIDC provider", name: config.issuer, elsewhere: "leave it to its owner" };
  const owned = ownership(look, from, claimed);
  const mends = nextOf(owned);
  return [
    missing.length === 0
      ? finding("ProviderFound", { seen: `${arn}, for the audience ${clientIds.join(", ")}`, from, fresh })
      : finding("AudienceMissing", {
          seen: `${arn} does not accept the audience ${missing.join(", ")} (it accepts ${clientIds.join(", ")})`,
          from,
          fresh,
          ...mends,
        }),
    ...owned,
    ...(drift.length === 0
      ? []
      : [
          finding("ProviderDrift", {
            seen: `the OIDC provider differs from the config in ${drift.join(", ")}`,
            from,
            ...mends,
          }),
        ]),
  ];
}

/** The OIDC provider in each account. */
export function judgeProviders(facts: JudgedFacts): readonly Finding[] {
  if (facts.accounts.length === 0) return noAccount(facts);
  return facts.accounts.flatMap((account) => providerFindings(facts, account));
}

// Fields that make up the permissions; the rest of a role is about who may assume it.
const isPermission = (field: string): boolean => /^(?:policies|boundary|inline\.)/u.test(field);

/** An existing role, and what fixes it if `up` does not. */
interface JudgedRole {
  readonly facts: JudgedFacts;
  readonly account: AccountFacts;
  readonly role: RoleConfig;
  readonly state: RoleState;
  readonly fields: readonly string[];
  readonly next: { readonly next?: string };
}

const trustingOf = ({ facts, account, role }: JudgedRole): Parameters<typeof admissionOf>[0] => ({
  issuer: facts.config.issuer,
  formerIssuers: formerIssuersOf(facts.config),
  account: account.account,
  role,
});

function admissionFindings(found: JudgedRole): readonly Finding[] {
  const { facts, account, role, state, next } = found;
  const from = fromIam(account);
  if (isClosedAfterTheft(state)) {
    const seen = `${state.arn} is closed after a theft: it lets no token in`;
    return [finding("ClosedAfterTheft", { seen, from, fresh })];
  }
  const names = new Set<string>();
  const findings = role.serviceAccounts.flatMap((serviceAccount): readonly Finding[] =>
    account.account.audiences.flatMap((audience): readonly Finding[] => {
      const answer = admissionOf(trustingOf(found), state, { serviceAccount, audience, now: facts.now });
      if (answer.outcome === "refused") {
        const seen = `${state.arn} does not authorize ${serviceAccount}: ${answer.refusal.why}`;
        return [finding("TrustPolicyDenies", { seen, from, fresh, ...next })];
      }
      if (answer.outcome === "admitted") {
        for (const { value = "" } of answer.decidingKeys) names.add(value);
        return [];
      }
      const keys = answer.decidingKeys.map(({ key }) => key).join(", ");
      const seen = `whether ${state.arn} authorizes ${serviceAccount} depends on ${keys}, which only the call itself has`;
      return [finding("TrustPolicyUndecided", { seen, from, fresh })];
    }),
  );
  if (findings.length > 0) return findings;
  const who = [...role.serviceAccounts, ...role.subjectPatterns].join(", ");
  const session = names.size === 0 ? "" : `, with the session name ${[...names].join(", ")}`;
  return [finding("TrustPolicyAllows", { seen: `${state.arn} authorizes ${who}${session}`, from, fresh })];
}

/** How a trust policy differs from the config's, statement by statement. */
function trustDifference(found: JudgedRole): string {
  const wanted = parsePolicy(trustPolicyOf(trustingOf(found)), "trust");
  const changes = diffPolicies(parsePolicy(found.state.trustPolicy, "trust"), wanted);
  const first = changes.slice(0, 3).map(({ message }) => message);
  return [...first, ...(changes.length > 3 ? [`and ${changes.length - 3} more`] : [])].join("; ");
}

function driftFindings(found: JudgedRole): readonly Finding[] {
  const { account, role, next } = found;
  const from = fromIam(account);
  const fields = found.fields.filter((field) => !isPermission(field));
  const others = fields.filter((field) => field !== "trustPolicy").join(", ");
  const trust = `the trust policy of role ${role.name} differs from the config`;
  return [
    ...(fields.includes("trustPolicy")
      ? [
          finding("TrustPolicyDrift", {
            seen: `${trust} (up would change ${trustDifference(found)})`,
            from,
            ...next,
          }),
        ]
      : []),
    ...(others === ""
      ? []
      : [
          finding("RoleDrift", {
            seen: `role ${role.name} differs from the config in ${others}`,
            from,
            ...next,
          }),
        ]),
  ];
}

function foundFindings(found: JudgedRole, arn: string): readonly Finding[] {
  const { account, role, state } = found;
  const from = fromIam(account);
  try {
    if (state.arn === arn) return [...admissionFindings(found), ...driftFindings(found)];
    const seen = `role ${role.name} is ${state.arn}, and the config means ${arn}`;
    return [finding("RolePathDiffers", { seen, from, fresh }), ...driftFindings(found)];
  } catch (error) {
    if (!(error instanceof PodtrustError)) throw error;
    const { message, code } = error;
    return [finding("PolicyUnreadable", { seen: `role ${role.name}: ${message}`, from, fresh, code })];
  }
}

function trustFindings(
  facts: JudgedFacts,
  account: AccountFacts,
  { role, look }: RoleReading,
): readonly Finding[] {
  const from = fromIam(account);
  const read = valueOf(look, from, awsFinding);
  if ("finding" in read) return [read.finding];
  const { observed } = read.value;
  const fields = differing(read.value);
  const arn = roleArnOf(account.account, role);
  if (!observed.exists) return [finding("RoleMissing", { seen: `there is no role ${arn}`, from, fresh })];
  const owned = ownership(read.value, from, claimedRole(role));
  const { state } = observed;
  return [...foundFindings({ facts, account, role, state, fields, next: nextOf(owned) }, arn), ...owned];
}

/** The roles, and who their trust policies let in. */
export function judgeTrust(facts: JudgedFacts): readonly Finding[] {
  if (facts.accounts.length === 0) return noAccount(facts);
  return facts.accounts.flatMap((account) =>
    account.roles.flatMap((one) => trustFindings(facts, account, one)),
  );
}

function permissionText({ policies, inline, boundary }: RoleState): string {
  const parts = [
    ...policies.map((arn) => readArn(arn).name),
    ...Object.keys(inline).map((name) => `inline ${name}`),
  ];
  const limit = boundary === undefined ? "" : `, within the boundary ${readArn(boundary).name}`;
  return parts.length === 0 ? "no policy at all" : `${parts.join(", ")}${limit}`;
}

function permissionFinding(account: AccountFacts, one: RoleReading): Finding {
  const from = fromIam(account);
  const read = valueOf(one.look, from, awsFinding);
  if ("finding" in read) return read.finding;
  const { observed, fields } = read.value;
  if (!observed.exists) return skipped("trust", from);
  const has = `role ${one.role.name} has ${permissionText(observed.state)}`;
  const wrong = fields.filter(isPermission);
  if (wrong.length === 0) return finding("PermissionsMatch", { seen: has, from, fresh });
  const seen = `${has}; that differs from the config in ${wrong.join(", ")}`;
  const owned = ownership(read.value, from, claimedRole(one.role));
  return finding("PermissionsDrift", { seen, from, fresh, ...nextOf(owned) });
}

/** What the roles may do, compared with the config. */
export function judgePermissions(facts: JudgedFacts): readonly Finding[] {
  if (facts.accounts.length === 0) return noAccount(facts);
  return facts.accounts.flatMap((account) => account.roles.map((one) => permissionFinding(account, one)));
}
