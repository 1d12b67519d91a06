import type { PartyJudges } from "./party-judges.ts";
import { defined, lengthText, type Link, PodtrustError, textOf } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import type { OpenBaoRole, OpenBaoServer } from "../../../config/index.ts";
import { servedDocuments } from "../../../issuer/index.ts";
import type { Jws } from "../../../rules/oidc/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import { loginRefusal, readJwtRole } from "../../../rules/openbao/index.ts";
import { ownerText } from "../../../rules/plan/index.ts";
import type { Login, OpenBaoLook } from "../../parts/index.ts";
import type { JudgedFacts, LookResult, WorkloadFacts } from "../facts.ts";
import { type Finding, finding, skipped } from "../finding.ts";
import { valueOf } from "./errors.ts";
import { tokenText } from "./sts.ts";
import { serviceAccountFindings, tokenFindings } from "./workload.ts";

/** The first ServiceAccount of a role, and the answers of cluster and server about it. */
export interface RoleLoginFacts extends Pick<WorkloadFacts, "serviceAccount" | "object" | "namespace"> {
  readonly role: OpenBaoRole;
  /** Never part of a report. */
  readonly token: LookResult<Jws>;
  readonly login: LookResult<Login>;
}

/** One mount of the config. */
export interface OpenBaoFacts {
  readonly server: OpenBaoServer;
  readonly look: LookResult<OpenBaoLook>;
  readonly logins: readonly RoleLoginFacts[];
}

const fresh = "read now";

function openbaoFinding(error: PodtrustError, from: string): Finding {
  const { message, next, code } = error;
  const reason: Reason = code.startsWith("openbao-") ? "OpenBaoNotAsked" : "LookFailed";
  return finding(reason, { seen: message, from, next, code });
}

const fromOf = ({ server }: OpenBaoFacts): string => `OpenBao at ${server.address}`;

function mountFindings({ config }: JudgedFacts, facts: OpenBaoFacts): readonly Finding[] {
  const from = fromOf(facts);
  const read = valueOf(facts.look, from, openbaoFinding);
  if ("finding" in read) return [read.finding];
  const { observed, fields } = read.value.mount;
  const path = `auth/${facts.server.mount}`;
  if (!observed.exists)
    return [finding("MountMissing", { seen: `there is no auth method at ${path}`, from, fresh })];
  if (observed.owner.kind !== "ours") {
    const seen = `${path} does not carry this stack's mark: it seems to belong to ${ownerText(observed.owner)}`;
    const next = "Choose another mount in the config: podtrust changes no auth method of others.";
    return [finding("NotOwned", { seen, from, fresh, next })];
  }
  if (fields.length > 0)
    return [
      finding("MountDrift", { seen: `${path} differs from the config in ${fields.join(", ")}`, from, fresh }),
    ];
  return [finding("MountFound", { seen: `${path} trusts ${config.issuer}`, from, fresh })];
}

/** The role's fields that concern the link: its policies, or who logs in and for how long. */
const isPermission = (field: string): boolean => /^token_(?:policies|no_default_policy)/u.test(field);

/** Each role of the mount; nothing if the mount's finding explains it. */
function roleFindings(
  facts: OpenBaoFacts,
  judge: (found: OpenBaoLook["roles"][number], from: string) => Finding,
): readonly Finding[] {
  const from = fromOf(facts);
  const read = valueOf(facts.look, from, openbaoFinding);
  if ("finding" in read) return [read.finding];
  const { roles, mount } = read.value;
  const isOurs = mount.observed.exists && mount.observed.owner.kind === "ours";
  return isOurs ? roles.map((one) => judge(one, from)) : [skipped("provider", from)];
}

function trustFinding({ role, drift }: OpenBaoLook["roles"][number], from: string): Finding {
  const { name, serviceAccounts } = role;
  if (!drift.observed.exists)
    return finding("LoginRoleMissing", { seen: `there is no role ${name}`, from, fresh });
  const fields = drift.fields.filter((field) => !isPermission(field));
  if (fields.length === 0)
    return finding("LoginRoleMatches", {
      seen: `role ${name} lets in ${serviceAccounts.join(", ")}`,
      from,
      fresh,
    });
  const seen = `role ${name} differs from the config in ${fields.join(", ")}`;
  return finding("LoginRoleDrift", { seen, from, fresh });
}

function permissionFinding({ role, drift }: OpenBaoLook["roles"][number], from: string): Finding {
  const { observed } = drift;
  if (!observed.exists) return skipped("trust", from);
  const policies: unknown = observed.state["token_policies"];
  const list = Array.isArray(policies) ? policies.map(String).join(", ") : "no policy at all";
  const has = `role ${role.name} has ${list === "" ? "no policy at all" : list}`;
  const fields = drift.fields.filter(isPermission);
  if (fields.length === 0) return finding("PermissionsMatch", { seen: has, from, fresh });
  const seen = `${has}; that differs from the config in ${fields.join(", ")}`;
  return finding("PermissionsDrift", { seen, from, fresh });
}

/** Role and mount as input of the rules; undefined if either was not read. */
function askedOf({ look }: OpenBaoFacts, role: OpenBaoRole) {
  if (look.kind !== "seen") return undefined;
  const found = look.value.roles.find((one) => one.role === role)?.drift.observed;
  const mount = look.value.mount.observed;
  if (found === undefined || !mount.exists) return undefined;
  const boundIssuer = textOf(mount.state.config?.["bound_issuer"]) ?? "";
  return {
    role: role.name,
    found: found.exists ? readJwtRole(found.state) : undefined,
    ...(boundIssuer === "" ? {} : { boundIssuer }),
  };
}

/** What the rules say of a refused login, if everything that they need was read here too. */
function whyRefused(judged: JudgedFacts, facts: OpenBaoFacts, { role, token }: RoleLoginFacts) {
  const { issuer, now, config } = judged;
  if (issuer === undefined || token.kind !== "seen") return undefined;
  try {
    const asked = askedOf(facts, role);
    if (asked === undefined) return undefined;
    const refusal = loginRefusal(
      {
        ...asked,
        jwt: tokenText(token.value),
        now: Math.floor(now / 1000),
        issuer: config.issuer,
        documents: servedDocuments(issuer.reading, issuer),
      },
      keyChecks,
    );
    return typeof refusal === "object" ? refusal : undefined;
  } catch (error) {
    // A role that was changed to a form that is not judged here.
    if (error instanceof PodtrustError && error.code === "description-invalid") return undefined;
    throw error;
  }
}

function loginFinding(judged: JudgedFacts, facts: OpenBaoFacts, one: RoleLoginFacts): Finding {
  const from = `${fromOf(facts)}, auth/${facts.server.mount}/login`;
  const read = valueOf(one.login, from, openbaoFinding);
  if ("finding" in read) return read.finding;
  const answer = read.value;
  if (answer.outcome === "accepted") {
    const length = lengthText(answer.seconds * 1000);
    const seen = `${one.serviceAccount} is let in by role ${one.role.name} with ${answer.policies.join(", ")}`;
    return finding("LoginAccepted", {
      seen,
      from,
      fresh: `answered now, a token good for ${length}, revoked`,
    });
  }
  const refusal = whyRefused(judged, facts, one);
  const why = refusal === undefined ? "" : ` (${refusal.rule}: ${refusal.why})`;
  const seen = `${one.serviceAccount} for role ${one.role.name}: ${answer.status}: ${answer.message}${why}`;
  return finding("LoginRefused", {
    seen,
    from,
    fresh: "answered now",
    ...defined({ next: refusal?.next }),
  });
}

const judges: PartyJudges<OpenBaoFacts> = {
  provider: mountFindings,
  trust: (_judged, facts) => roleFindings(facts, trustFinding),
  permission: (_judged, facts) => roleFindings(facts, permissionFinding),
  serviceaccount: (judged, { logins }) => logins.flatMap((one) => serviceAccountFindings(judged, one)),
  token: (judged, { logins, server }) =>
    logins.flatMap((one) => tokenFindings(judged, { ...one, audience: server.audience })),
  sts: (judged, facts) => facts.logins.map((one) => loginFinding(judged, facts, one)),
};

/** The findings of a link for one mount; none at links that OpenBao has no part in. */
export function judgeOpenBao(link: Link, judged: JudgedFacts, facts: OpenBaoFacts): readonly Finding[] {
  return judges[link]?.(judged, facts) ?? [];
}
