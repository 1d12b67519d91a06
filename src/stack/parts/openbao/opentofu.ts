import type { Config, OpenBaoServer } from "../../../config/index.ts";
import { jwtRoleFields, mountFields } from "../../../providers/openbao/index.ts";
import { ownershipComment } from "../../../rules/plan/index.ts";
import {
  attributes,
  type Block,
  HclExpression,
  identifier,
  identifiers,
  type HclValue,
} from "../../export/hcl/index.ts";
import { ignoredChanges, importBlock, type OpenTofuPart } from "../opentofu.ts";
import { mountSpecOf, roleSpecsOf } from "./resources.ts";

/** Names of one mount and its roles in OpenTofu. */
interface ServerBlockNames {
  /** Of the provider; undefined if there is one server only. */
  readonly alias: string | undefined;
  readonly mount: string;
  readonly role: (name: string) => string;
}

/** What is known of a section, by its position in the config. */
function namesOf({ openbao }: Config, server: OpenBaoServer): ServerBlockNames {
  const addresses = identifiers(
    openbao.map(({ address }) => address),
    (address) => identifier(new URL(address).host),
  );
  const mounts = identifiers(
    openbao.map(({ address, mount }) => `${address} ${mount}`),
    (text) => identifier(text.slice(text.indexOf(" ") + 1)),
  );
  const mount = mounts.get(`${server.address} ${server.mount}`) ?? "";
  const roles = identifiers(
    server.roles.map(({ name }) => name),
    (name) => `${mount}_${identifier(name)}`,
  );
  return {
    alias: addresses.size === 1 ? undefined : addresses.get(server.address),
    mount,
    role: (name) => roles.get(name) ?? identifier(name),
  };
}

function providers(config: Config): readonly Block[] {
  const first = new Map(config.openbao.toReversed().map((server) => [server.address, server]));
  return [...first.values()].toReversed().map((server) => ({
    type: "provider",
    labels: ["vault"],
    comment:
      "Its token comes from VAULT_TOKEN. A child token would need a right that podtrust's policy does not give.",
    attributes: attributes({
      alias: namesOf(config, server).alias,
      address: server.address,
      ca_cert_file: server.caFile,
      skip_child_token: true,
    }),
  }));
}

/** A value of a role in HashiCorp's provider's form: a claim with several values is one text, with commas. */
function claimsOf(value: unknown): HclValue {
  const entries = Object.entries(value as Readonly<Record<string, readonly string[]>>);
  return Object.fromEntries(entries.map(([name, values]) => [name, values.join(",")]));
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== "" && value !== 0 && value !== false;
}

/** The fields that are set; the others keep their defaults. */
function setFields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, HclValue>> {
  const set = Object.entries(fields).filter(([, value]) => isSet(value));
  return Object.fromEntries(
    set.map(([name, value]) => [name, name === "bound_claims" ? claimsOf(value) : (value as HclValue)]),
  );
}

function mountBlocks(config: Config, server: OpenBaoServer): readonly Block[] {
  const names = namesOf(config, server);
  const provider = names.alias === undefined ? undefined : new HclExpression(`vault.${names.alias}`);
  const roles = roleSpecsOf({ config, server });
  return [
    {
      type: "resource",
      labels: ["vault_jwt_auth_backend", names.mount],
      attributes: attributes({
        provider,
        path: server.mount,
        type: "jwt",
        description: ownershipComment.of(config),
        ...setFields(mountFields(mountSpecOf({ config, server }))),
      }),
      // HashiCorp's provider sends it when it makes the mount and never reads it (resource_jwt_auth_backend.go,
      // jwtAuthBackendRead), so an import has none. A new one is another mount to early versions, and is never written
      // by later ones.
      blocks: [ignoredChanges(["description"])],
    },
    ...roles.map((role): Block => ({
      type: "resource",
      labels: ["vault_jwt_auth_backend_role", names.role(role.name)],
      attributes: attributes({
        provider,
        backend: new HclExpression(`vault_jwt_auth_backend.${names.mount}.path`),
        role_name: role.name,
        ...setFields(jwtRoleFields(role)),
      }),
    })),
  ];
}

/** The ids are paths of the API (HashiCorp's provider, "Import" of both resources). */
function importsOf(config: Config, server: OpenBaoServer): readonly Block[] {
  const names = namesOf(config, server);
  return [
    importBlock(`vault_jwt_auth_backend.${names.mount}`, server.mount),
    ...server.roles.map(({ name }) =>
      importBlock(`vault_jwt_auth_backend_role.${names.role(name)}`, `auth/${server.mount}/role/${name}`),
    ),
  ];
}

/** The mounts of OpenBao in OpenTofu, by HashiCorp's provider for Vault, whose API is the same. */
export const openbaoOpenTofu: OpenTofuPart = {
  requires: () => [{ name: "vault", source: "hashicorp/vault", version: "~> 5.6" }],
  blocks: (config) => [
    ...providers(config),
    ...config.openbao.flatMap((server) => mountBlocks(config, server)),
  ],
  imports: (config) => config.openbao.flatMap((server) => importsOf(config, server)),
  outputs: () => [],
};
