import { lengthText, PodtrustError, textOf } from "../../../core/base/index.ts";
import type { OpenBaoRole, OpenBaoServer } from "../../../config/index.ts";
import { servedDocuments } from "../../../issuer/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import { loginRefusal, readJwtRole } from "../../../rules/openbao/index.ts";
import { ownerText } from "../../../rules/plan/index.ts";
import type { Login, OpenBaoLook } from "../../parts/index.ts";
import { type Finding, skipped } from "../finding.ts";
import type { LookedAtSection, PartyJudge } from "./party.ts";

type RoleLook = OpenBaoLook["roles"][number];
type MountAt = LookedAtSection<OpenBaoServer>;

/** The role's fields that concern the link: its policies, or who logs in and for how long. */
const isPermission = (field: string): boolean => /^token_(?:policies|no_default_policy)/u.test(field);

/** Judges each role of the mount; none if the mount's finding explains it. */
const ofRoles =
  (judge: (found: RoleLook, at: MountAt) => Finding) =>
  ({ roles, mount: { observed } }: OpenBaoLook, at: MountAt): readonly Finding[] =>
    observed.exists && observed.owner.kind === "ours"
      ? roles.map((one) => judge(one, at))
      : [skipped("provider", at.from)];

function trustFinding({ role: { name, serviceAccounts }, drift }: RoleLook, { say }: MountAt): Finding {
  if (!drift.observed.exists) return say("LoginRoleMissing", `there is no role ${name}`);
  const fields = drift.fields.filter((field) => !isPermission(field));
  return fields.length === 0
    ? say("LoginRoleMatches", `role ${name} lets in ${serviceAccounts.join(", ")}`)
    : say("LoginRoleDrift", `role ${name} differs from the config in ${fields.join(", ")}`);
}

function permissionFinding({ role, drift }: RoleLook, { say, from }: MountAt): Finding {
  const { observed } = drift;
  if (!observed.exists) return skipped("trust", from);
  const policies: unknown = observed.state["token_policies"];
  const list = Array.isArray(policies) ? policies.map(String).join(", ") : "";
  const has = `role ${role.name} has ${list === "" ? "no policy at all" : list}`;
  const fields = drift.fields.filter(isPermission);
  return fields.length === 0
    ? say("PermissionsMatch", has)
    : say("PermissionsDrift", `${has}; that differs from the config in ${fields.join(", ")}`);
}

/** Role and mount as input of the rules; undefined if either was not read. */
function askedOf({ mount: { observed: mount }, roles }: OpenBaoLook, role: OpenBaoRole) {
  const found = roles.find((one) => one.role === role)?.drift.observed;
  if (found === undefined || !mount.exists) return undefined;
  const boundIssuer = textOf(mount.state.config?.["bound_issuer"]) ?? "";
  return {
    role: role.name,
    found: found.exists ? readJwtRole(found.state) : undefined,
    ...(boundIssuer === "" ? {} : { boundIssuer }),
  };
}

/** OpenBao: a ServiceAccount logs in for a role. */
export const openbaoJudge: PartyJudge<OpenBaoServer, OpenBaoLook, OpenBaoRole, Login> = {
  codes: "openbao-",
  reasons: { notAsked: "OpenBaoNotAsked", accepted: "LoginAccepted", refused: "LoginRefused" },
  from: ({ address }) => `OpenBao at ${address}`,
  endpoint: ({ mount }) => `auth/${mount}/login`,
  provider({ mount: { observed, fields } }, { section: { mount }, issuer, say }) {
    const path = `auth/${mount}`;
    if (!observed.exists) return [say("MountMissing", `there is no auth method at ${path}`)];
    if (observed.owner.kind !== "ours") {
      const seen = `${path} does not carry this stack's mark: it seems to belong to ${ownerText(observed.owner)}`;
      const next = "Choose another mount in the config: podtrust changes no auth method of others.";
      return [say("NotOwned", seen, next)];
    }
    return fields.length > 0
      ? [say("MountDrift", `${path} differs from the config in ${fields.join(", ")}`)]
      : [say("MountFound", `${path} trusts ${issuer}`)];
  },
  trust: ofRoles(trustFinding),
  permission: ofRoles(permissionFinding),
  answered(answer, { serviceAccount, identity: { name } }) {
    if (answer.outcome === "refused") {
      const seen = `${serviceAccount} for role ${name}: ${answer.status}: ${answer.message}`;
      return { isAccepted: false, seen };
    }
    const seen = `${serviceAccount} is let in by role ${name} with ${answer.policies.join(", ")}`;
    const fresh = `answered now, a token good for ${lengthText(answer.seconds * 1000)}, revoked`;
    return { isAccepted: true, seen, fresh };
  },
  refusal(jwt, look, { identity: role, judged: { issuer, now, config } }) {
    if (issuer === undefined) return undefined;
    try {
      const asked = askedOf(look, role);
      if (asked === undefined) return undefined;
      const refusal = loginRefusal(
        {
          ...asked,
          jwt,
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
  },
};
