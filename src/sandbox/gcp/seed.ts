import { errorText, isRecord, type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { checkMember } from "./members.ts";
import { createPool } from "./pools.ts";
import type { Project } from "./project.ts";
import { createProvider } from "./providers.ts";
import { GoogleRefusal } from "./refusal.ts";
import { createSecret } from "./secrets.ts";
import { createAccount } from "./service-accounts.ts";

/** Members by the roles that they have. */
export type SeedBindings = Readonly<Record<string, readonly string[]>>;

/** A provider as IAM takes it, with its id (IAM API, `WorkloadIdentityPoolProvider`). */
export interface SeedGoogleProvider {
  readonly id: string;
  readonly oidc: {
    readonly issuerUri: string;
    readonly allowedAudiences?: readonly string[];
    /** A JWK Set as text; without it, the issuer's documents are fetched. */
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

/** What is to stand in a project of the stand-in for Google. */
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
  /** The project's own policy, to which this is added. */
  readonly bindings?: SeedBindings;
}

const bySubject = { "google.subject": "assertion.sub" };

/** A policy of these bindings. Members are checked as setIamPolicy does. */
function written(project: Project, { policy }: Pick<Project, "policy">, bindings: SeedBindings = {}): void {
  const list = Object.entries(bindings).map(([role, members]) => ({ role, members }));
  if (list.length > 0)
    policy.write({ bindings: list }, project.clock.now(), (member) => checkMember(project, member));
}

const plain = (value: unknown): JsonRecord => (isRecord(value) ? value : {});

function apply(project: Project, seed: GoogleSeed): void {
  for (const { providers = [], ...pool } of seed.pools ?? []) {
    const made = createPool(project, pool.id, plain(pool));
    for (const { id, ...provider } of providers)
      createProvider(project, made, id, { attributeMapping: bySubject, ...plain(provider) });
  }
  const accounts = (seed.serviceAccounts ?? []).map(
    ({ id, bindings }) => [createAccount(project, id, {}), bindings] as const,
  );
  // Once all of them are there, since they may name one another.
  for (const [account, bindings] of accounts) written(project, account, bindings);
  for (const { id, value, bindings } of seed.secrets ?? [])
    written(project, createSecret(project, id, value), bindings);
  written(project, project, seed.bindings);
}

/** Makes what a seed says, each by IAM's own checks, and ends propagation. Throws `sandbox-seed`; what came before stays. */
export function applySeed(project: Project, seed: GoogleSeed): void {
  if (!isRecord(seed)) throw new PodtrustError("sandbox-seed", "the seed is not an object");
  try {
    apply(project, seed);
  } catch (error) {
    if (!(error instanceof GoogleRefusal)) throw error;
    const { next } = error.notes;
    throw new PodtrustError("sandbox-seed", `Google refuses it: ${errorText(error)}`, {
      cause: error,
      ...(next === undefined ? {} : { next }),
    });
  }
  project.spread();
}
