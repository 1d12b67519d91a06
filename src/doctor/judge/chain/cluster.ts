import { isoTime } from "../../../core/base/index.ts";
import { type DoctorFinding, finding } from "../finding.ts";
import { type ApiServerLook, type ChainFacts, type ClusterLook, lookedAt, type TokenLook } from "./facts.ts";

const stsAudience = /^sts(?:\.[a-z\d-]+)?\.amazonaws\.com(?:\.cn)?$/u;

/** Whether a token is for STS, and for nobody else. */
export const isForSts = (audiences: readonly string[]): boolean =>
  audiences.length > 0 && audiences.every((one) => stsAudience.test(one));

/** The values of a flag of an API server, in their order. */
function valuesOf({ flags }: ApiServerLook, name: string): readonly string[] {
  return flags.filter(([flag]) => flag === name).map(([, value]) => value);
}

const issuerOf = (server: ApiServerLook): string | undefined => valuesOf(server, "service-account-issuer")[0];

/** Whose default token the API server does not take. */
function judgeAudiences({ audiences, accepted }: TokenLook): readonly DoctorFinding[] {
  if (!isForSts(audiences)) return [];
  const refused = accepted === false ? ", and TokenReview refuses it" : "";
  const seen = `a token minted without an audience is for ${audiences.join(", ")} alone${refused}`;
  return [finding("ApiAudiencesReplaced", { seen })];
}

/** An issuer that cannot be published, whatever the config says. */
function judgeForm({ iss }: TokenLook): readonly DoctorFinding[] {
  if (!iss.startsWith("https://") || !URL.canParse(iss))
    return [finding("IssuerNotUrl", { seen: `a token minted now has iss ${JSON.stringify(iss)}` })];
  const { port } = new URL(iss);
  return port === "" ? [] : [finding("IssuerHasPort", { seen: `a token minted now has iss ${iss}` })];
}

/** Why the cluster does not have the issuer of the config. */
function judgeIssuer(
  { issuer, published, formerIssuers }: ChainFacts,
  { standardIssuer, apiServers }: ClusterLook,
  { iss, kid }: TokenLook,
  servers: readonly ApiServerLook[],
): readonly DoctorFinding[] {
  if (iss === issuer || formerIssuers.includes(iss)) return [];
  const match = servers.find((server) => issuerOf(server) === issuer);
  if (match !== undefined) {
    const seen = `${match.name} will be started with --service-account-issuer=${issuer}, and a token minted now has iss ${iss}`;
    return [finding("FlagsNotInForce", { seen })];
  }
  const isStandard =
    iss === standardIssuer || /^https:\/\/(?:kubernetes\.default\.svc|api\.internal\.)/u.test(iss);
  if (!isStandard) return [];
  if (kid !== undefined && published?.kids.includes(kid) === true) {
    const seen = `a token minted now has the standard issuer ${iss}, and ${issuer} serves its key ${kid}`;
    return [finding("IssuerPutBack", { seen })];
  }
  const where =
    "unseen" in apiServers
      ? `its API servers were ${apiServers.unseen}`
      : `${servers.map(({ name }) => name).join(", ")} is started without ${issuer}`;
  const seen = `a token minted now has the standard issuer ${iss}; ${where}`;
  return [finding("IssuerNotPassed", { seen })];
}

function judgeMounts({ name, flags, mounts }: ApiServerLook): readonly DoctorFinding[] {
  if (mounts === undefined) return [];
  const hidden = flags.filter(
    ([flag, path]) =>
      flag.endsWith("key-file") && !mounts.some((one) => path === one || path.startsWith(`${one}/`)),
  );
  return hidden.map(([flag, path]) =>
    finding("KeyFileNotMounted", { seen: `${name}: --${flag}=${path} is below none of its mounts` }),
  );
}

function judgeFlags(servers: readonly ApiServerLook[], kids: number | undefined): readonly DoctorFinding[] {
  const twice = servers.filter((one) => valuesOf(one, "service-account-signing-key-file").length > 1);
  const lost = servers.filter(
    (one) => kids !== undefined && new Set(valuesOf(one, "service-account-key-file")).size > kids,
  );
  const issuers = new Set(servers.flatMap((one) => issuerOf(one) ?? []));
  const sideBySide = servers.map((one) => `${one.name}: ${issuerOf(one) ?? "none"}`).join("; ");
  return [
    ...twice.map((one) =>
      finding("SigningFlagTwice", {
        seen: `${one.name} has ${valuesOf(one, "service-account-signing-key-file").join(" and ")}`,
      }),
    ),
    ...lost.map((one) =>
      finding("VerifyKeyLost", {
        seen: `${one.name} is given ${valuesOf(one, "service-account-key-file").join(", ")}, and keys in the cluster's JWKS: ${kids}`,
      }),
    ),
    ...(issuers.size > 1 ? [finding("IssuersOfServersDiffer", { seen: sideBySide })] : []),
    ...servers.flatMap(judgeMounts),
  ];
}

/** What a token that is refused says of itself, whatever the cluster is. */
function judgeItself({ iss, kid, exp, secret }: TokenLook, now: number): readonly DoctorFinding[] {
  if (exp !== undefined && exp * 1000 < now)
    return [finding("TokenExpired", { seen: `exp of the token is ${isoTime(exp * 1000)}` })];
  if (secret === undefined) return [];
  const seen = `the token of the Secret ${secret}, of ${iss} and signed by ${kid ?? "no kid"}, is refused`;
  return [finding("LegacyTokenRefused", { seen })];
}

/** What sets a token that is refused apart from one that is minted now. */
function judgeBeside(
  { iss, kid = "" }: TokenLook,
  fresh: TokenLook,
  kids: readonly string[],
): readonly DoctorFinding[] {
  if (iss !== fresh.iss && fresh.accepted !== false) {
    const seen = `the token has iss ${iss} and is refused; one minted now has ${fresh.iss} and is accepted`;
    return [finding("IssuerReplaced", { seen })];
  }
  if (kids.includes(kid) || !kids.includes(fresh.kid ?? "")) return [];
  const seen = `the token is signed by ${kid}, and the cluster's JWKS has ${kids.join(", ")}`;
  return [finding("SigningKeyDropped", { seen })];
}

/** Why the API server refuses the token that was given. */
function judgeGiven({ token, now }: ChainFacts, cluster: ClusterLook): readonly DoctorFinding[] {
  if (token?.accepted !== false) return [];
  const own = judgeItself(token, now);
  const fresh = lookedAt(cluster.fresh);
  // A token for AWS is refused by right.
  if (own.length > 0 || isForSts(token.audiences) || fresh === undefined) return own;
  return judgeBeside(token, fresh, lookedAt(cluster.kids) ?? []);
}

/** What of the cluster's issuer, keys and audiences keeps tokens from being taken. */
export function judgeCluster(facts: ChainFacts): readonly DoctorFinding[] {
  const { cluster } = facts;
  if (cluster === undefined) return [];
  const fresh = lookedAt(cluster.fresh);
  const servers = lookedAt(cluster.apiServers) ?? [];
  const form = fresh === undefined ? [] : judgeForm(fresh);
  return [
    ...(fresh === undefined ? [] : judgeAudiences(fresh)),
    ...form,
    ...(fresh === undefined || form.length > 0 ? [] : judgeIssuer(facts, cluster, fresh, servers)),
    ...judgeFlags(servers, lookedAt(cluster.kids)?.length),
    ...judgeGiven(facts, cluster),
  ];
}
