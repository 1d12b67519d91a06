import { parseIssuer } from "../oidc/index.ts";
import { awsWarnings, resolveAws } from "./aws/resolve.ts";
import { resolveCluster } from "./cluster.ts";
import type { Config } from "./config.ts";
import { resolveDns } from "./dns/resolve.ts";
import type { ConfigSource } from "./places.ts";
import { resolvePublisher } from "./publisher/resolve.ts";
import type { ConfigInput } from "./schema.ts";

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

/** Fills in defaults and makes names absolute. The input has passed the schema. */
export function resolveConfig(input: ConfigInput, source: ConfigSource): Config {
  const { stack, issuer, cluster, publisher, dns } = input;
  const aws = (input.aws ?? []).map((account) => resolveAws(account, source));
  return freeze({
    file: source.file,
    stack,
    issuer,
    aws,
    ...(cluster === undefined ? {} : { cluster: resolveCluster(cluster, source) }),
    ...(publisher === undefined ? {} : { publisher: resolvePublisher(publisher, { stack, issuer }, source) }),
    ...(dns === undefined ? {} : { dns: resolveDns(dns, source) }),
    warnings: [...parseIssuer(issuer).warnings, ...awsWarnings(aws)],
  });
}
