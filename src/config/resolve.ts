import { createHash } from "node:crypto";
import { defined, mapped } from "../core/base/index.ts";
import { fetchedFor, parseIssuer, type RelyingPartyName, relyingParties } from "../rules/oidc/index.ts";
import { awsWarnings, resolveAws } from "./aws/resolve.ts";
import type { AwsConfig } from "./aws/config.ts";
import { resolveCluster, resolveServers } from "./cluster.ts";
import type { Config, ConfiguredParties } from "./config.ts";
import { resolveDns } from "./dns/resolve.ts";
import type { IssuerNaming, UnnamedConfig } from "./sections/issuer-naming.ts";
import { resolveMachine } from "./machine/resolve.ts";
import type { PartySection } from "./sections/party-section.ts";
import type { ConfigSource } from "./paths.ts";
import { resolvePublisher } from "./publisher/resolve.ts";
import { fetchingParties, noParties } from "./relying-parties.ts";
import type { ConfigInput } from "./schema.ts";

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

/** What tells a stack apart whose config does not say it: its issuer, or the zone that its issuer's name is random below. */
function identityBy(issuer: ConfigInput["issuer"]): string {
  const text = typeof issuer === "string" ? issuer : issuer.zone;
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** The accounts of AWS; what gives them the operator's role is loaded by a config that has the section. */
async function resolveAccounts(input: ConfigInput, source: ConfigSource): Promise<readonly AwsConfig[]> {
  const accounts = (input.aws ?? []).map((account) => resolveAws(account, source));
  const { operator } = input;
  if (operator === undefined) return accounts;
  const { withOperator } = await import("./operator/resolve.ts");
  return accounts.map((account) => withOperator(account, operator, source));
}

/** Everything that does not depend on the issuer's name. */
async function resolveUnnamed(
  input: ConfigInput,
  source: ConfigSource,
  parties: readonly PartySection[],
): Promise<Omit<UnnamedConfig, "zone">> {
  const { stack, cluster, machine, dns } = input;
  const resolved = parties.map((section) => section.resolve(input, source));
  return {
    file: source.file,
    stack,
    identity: input.identity ?? identityBy(input.issuer),
    ...(Object.assign({ ...noParties }, ...resolved) as ConfiguredParties),
    aws: await resolveAccounts(input, source),
    ...defined({
      cluster: mapped(cluster, (section) => resolveCluster(section, source)),
      servers: mapped(cluster, (section) => resolveServers(section, source)),
      machine: mapped(machine, (section) => resolveMachine(section, source)),
      dns: mapped(dns, (section) => resolveDns(section, source)),
    }),
  };
}

async function resolveIssuer(
  { issuer }: ConfigInput,
  unnamed: Omit<UnnamedConfig, "zone">,
  naming: IssuerNaming,
): Promise<Pick<Config, "issuer" | "named">> {
  if (typeof issuer === "string") return { issuer };
  const { zone } = issuer;
  const { host, ...named } = await naming(freeze({ ...unnamed, zone }));
  return { issuer: `https://${host}`, named: { zone, ...named } };
}

/** What a config is resolved with, beside its text. */
interface Resolving {
  /** Settles an issuer's name that the input leaves open. */
  readonly naming: IssuerNaming;
  /** Of the relying parties that the input has sections for. */
  readonly parties: readonly PartySection[];
}

/** Warnings about the issuer for the parties that read it: none if no party does. */
function issuerWarnings(issuer: string, fetching: readonly RelyingPartyName[]): readonly string[] {
  return fetching.some((name) => relyingParties[name].fetchesPublicly) ? parseIssuer(issuer).warnings : [];
}

/**
 * Fills in defaults and makes names absolute. The input has passed the schema. Throws what `naming` throws.
 */
export async function resolveConfig(
  input: ConfigInput,
  source: ConfigSource,
  { naming, parties }: Resolving,
): Promise<Config> {
  const { publisher } = input;
  const unnamed = await resolveUnnamed(input, source, parties);
  const fetching = fetchingParties(unnamed);
  const { issuer, named } = await resolveIssuer(input, unnamed, naming);
  const names = { stack: unnamed.stack, issuer, cache: fetchedFor(fetching) };
  return freeze({
    ...unnamed,
    issuer,
    ...defined({
      named,
      publisher: mapped(publisher, (section) => resolvePublisher(section, names, source)),
    }),
    warnings: [...issuerWarnings(issuer, fetching), ...awsWarnings(unnamed.aws)],
  });
}
