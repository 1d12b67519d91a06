import { refuseSeed, refuseUnknownMember } from "../errors/index.ts";
import { errorText, isRecord, type JsonRecord, PodtrustError, defined } from "../../core/base/index.ts";
import { checkMember } from "./members.ts";
import { createPool } from "./pools.ts";
import type { Project } from "./project.ts";
import { createProvider } from "./providers.ts";
import { GoogleRefusal } from "./refusal.ts";
import { createSecret } from "./secrets.ts";
import { createAccount } from "./service-accounts.ts";

/** Members by role. */
export type SeedBindings = Readonly<Record<string, readonly string[]>>;

/** A provider in IAM's form, with its id (IAM API, `WorkloadIdentityPoolProvider`). */
export interface SeedGoogleProvider {
  readonly id: string;
  readonly oidc: {
    readonly issuerUri: string;
    readonly allowedAudiences?: readonly string[];
    /** A JWK Set as text; if absent, the issuer's documents are fetched. */
    readonly jwksJson?: string;
    readonly discoveryUri?: string;
  };
  /** @default google.subject is assertion.sub */
  readonly attributeMapping?: Readonly<Record<string, string>>;
  readonly attributeCondition?: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly disabled?: boolean;
}

/** The initial content of a project of the stand-in for Google. */
export interface GoogleSeed {
  readonly pools?: readonly {
    readonly id: string;
    readonly displayName?: string;
    readonly description?: string;
    readonly disabled?: boolean;
    readonly providers?: readonly SeedGoogleProvider[];
  }[];
  /** By the part of their address before the @. */
  readonly serviceAccounts?: readonly { readonly id: string; readonly bindings?: SeedBindings }[];
  readonly secrets?: readonly {
    readonly id: string;
    readonly value: string;
    readonly bindings?: SeedBindings;
  }[];
  /** The project's own policy, replacing the current one. */
  readonly bindings?: SeedBindings;
}

const bySubject = { "google.subject": "assertion.sub" };

/** The objects of a list, none if absent, each with only known members. */
function listOf(value: JsonRecord, name: string, known: readonly string[]): readonly JsonRecord[] {
  const list = value[name] ?? [];
  if (!Array.isArray(list) || !list.every(isRecord)) return refuseSeed(`${name} is not a list of objects`);
  for (const one of list) refuseUnknownMember(one, known, `one of ${name}`);
  return list;
}

function textIn(value: JsonRecord, name: string): string {
  const text = value[name];
  return typeof text === "string" ? text : refuseSeed(`${name} is not a text`);
}

/** Writes a policy of these bindings. Members are checked as setIamPolicy does. */
function write(project: Project, { policy }: Pick<Project, "policy">, value: JsonRecord): void {
  const { bindings = {} } = value;
  if (!isRecord(bindings)) return refuseSeed("bindings is not an object of members by role");
  const list = Object.entries(bindings).map(([role, members]) => ({ role, members }));
  if (list.length === 0) return undefined;
  return policy.write({ bindings: list }, project.clock.now(), (member) => checkMember(project, member));
}

const providerMembers = ["id", "oidc", "attributeMapping", "attributeCondition"];
const described = ["displayName", "description", "disabled"];

function makePools(project: Project, seed: JsonRecord): void {
  for (const pool of listOf(seed, "pools", ["id", ...described, "providers"])) {
    const providers = listOf(pool, "providers", [...providerMembers, ...described]);
    const made = createPool(project, textIn(pool, "id"), pool);
    for (const provider of providers)
      createProvider(project, made, textIn(provider, "id"), { attributeMapping: bySubject, ...provider });
  }
}

function apply(project: Project, seed: JsonRecord): void {
  refuseUnknownMember(seed, ["pools", "serviceAccounts", "secrets", "bindings"], "a seed");
  makePools(project, seed);
  const accounts = listOf(seed, "serviceAccounts", ["id", "bindings"]).map(
    (account) => [createAccount(project, textIn(account, "id"), {}), account] as const,
  );
  // Once all of them exist, since they may name each other.
  for (const [account, said] of accounts) write(project, account, said);
  for (const secret of listOf(seed, "secrets", ["id", "value", "bindings"]))
    write(project, createSecret(project, textIn(secret, "id"), textIn(secret, "value")), secret);
  write(project, project, seed);
}

/**
 * Creates what a seed describes, with IAM's own checks, and ends propagation. Throws `sandbox-seed`; what came before
 * stays.
 */
export function applySeed(project: Project, seed: GoogleSeed | object): void {
  if (!isRecord(seed)) throw new PodtrustError("sandbox-seed", "the seed is not an object");
  try {
    apply(project, seed);
  } catch (error) {
    if (!(error instanceof GoogleRefusal)) throw error;
    const { next } = error.notes;
    throw new PodtrustError("sandbox-seed", `Google refuses it: ${errorText(error)}`, {
      cause: error,
      ...defined({ next }),
    });
  }
  project.spread();
}
