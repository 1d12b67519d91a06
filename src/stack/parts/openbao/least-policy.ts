import { defined, mapped } from "../../../core/base/index.ts";
import { type Fields, jwtRoleFields, mountFields, written } from "../../../providers/openbao/index.ts";
import { ownershipComment } from "../../../rules/plan/index.ts";
import { attributes, type Block, hclText, type HclValue } from "../../export/hcl/index.ts";
import { mountSpecOf, type OpenBaoSection, placeOf, roleSpecsOf } from "./resources.ts";

type Right = "create" | "read" | "update" | "delete" | "list" | "sudo";

/** What the token may do at one path; a write must have exactly these parameters and values. */
function path(comment: string, at: string, capabilities: readonly Right[], only?: Fields): Block {
  const bounds = defined({ allowed_parameters: mapped(only, allowed) });
  return { type: "path", labels: [at], comment, attributes: attributes({ capabilities, ...bounds }) };
}

/** Each parameter with the list of its allowed values, here one. */
function allowed(fields: Fields): Readonly<Record<string, HclValue>> {
  const entries = Object.entries(written(fields)).map(
    ([name, value]) => [name, [value as HclValue]] as const,
  );
  return Object.fromEntries(entries);
}

/**
 * The least privileges for `plan`, `up` and `down` at a server, as a policy of OpenBao: this one mount, made with our
 * mark and for this issuer alone, and the config's roles exactly as the config has them. A thief of its token can grant
 * nothing that the config does not.
 */
export function leastOpenBaoPolicy(section: OpenBaoSection): string {
  const place = placeOf(section);
  const { mount } = place;
  const description = ownershipComment.of(place);
  const marked = { type: "jwt", description };
  const policies = [...new Set(section.server.roles.flatMap((role) => role.policies))].toSorted();
  return hclText([
    path("Who we are.", "auth/token/lookup-self", ["read"]),
    path("Whose the mount is.", `sys/mounts/auth/${mount}`, ["read"]),
    path(
      "Mounting it with our mark, and unmounting it.",
      `sys/auth/${mount}`,
      ["create", "update", "delete", "sudo"],
      marked,
    ),
    path(
      "Our mark on a mount that has it without our identity.",
      `sys/mounts/auth/${mount}/tune`,
      ["create", "update"],
      { description },
    ),
    path(
      "The issuer that it trusts.",
      `auth/${mount}/config`,
      ["create", "read", "update"],
      mountFields(mountSpecOf(section)),
    ),
    path("Its roles by name.", `auth/${mount}/role`, ["list"]),
    path("Roles that the config no longer names.", `auth/${mount}/role/*`, ["read", "delete"]),
    ...roleSpecsOf(section).map((role) =>
      path(
        `Role ${role.name} as the config has it.`,
        `auth/${mount}/role/${role.name}`,
        ["create", "read", "update", "delete"],
        jwtRoleFields(role),
      ),
    ),
    ...policies.map((name) => path(`Whether policy ${name} is there.`, `sys/policies/acl/${name}`, ["read"])),
  ]);
}
