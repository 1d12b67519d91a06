import { isoDay, lengthText, nearest } from "../../../core/base/index.ts";
import { iamProviderKey, readArn, roleArnForm } from "../../../rules/oidc/index.ts";
import { parsePolicy, type PolicyDocument } from "../../../rules/trust/index.ts";
import { type DoctorFinding, type Excluded, finding } from "../finding.ts";
import {
  type AccountLook,
  type ChainCertificate,
  type ChainFacts,
  lookedAt,
  type ProviderLook,
  type RoleLook,
} from "./facts.ts";

const regional = /^sts\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?$/u;
/** A thumbprint whose certificate ends sooner is reported: in milliseconds. */
const soonMs = 30 * 86_400_000;

/** A trust policy as IAM has it; undefined where it cannot be read. */
export function policyOf(role: RoleLook): PolicyDocument | undefined {
  if (role.state === undefined) return undefined;
  try {
    return parsePolicy(role.state.trustPolicy, "trust");
  } catch {
    return undefined;
  }
}

/** The ARNs of providers that a role's trust policy lets in. */
function federatedOf(role: RoleLook): readonly string[] {
  return (policyOf(role)?.statements ?? []).flatMap(({ principals }) => principals?.Federated ?? []);
}

function absent({ issuer, formerIssuers }: ChainFacts, account: AccountLook): DoctorFinding {
  const { others, providerArn } = account;
  const trusted = (lookedAt(account.roles) ?? []).flatMap((role) =>
    federatedOf(role).map((arn) => ({ arn, role: role.name })),
  );
  const deleted = trusted.find(({ arn }) => arn === providerArn);
  if (deleted !== undefined) {
    const seen = `role ${deleted.role} trusts ${providerArn}, and IAM has no such provider`;
    return finding("ProviderDeleted", { seen });
  }
  const former = trusted.find(({ arn }) => others.some((one) => one.arn === arn));
  const listed = others.find(({ url }) => formerIssuers.some((one) => iamProviderKey(one) === url));
  const why = former === undefined ? listed?.url : `role ${former.role} trusts ${former.arn}`;
  if (why !== undefined)
    return finding("ProviderOfFormerIssuer", { seen: `${why}, and there is no ${providerArn}` });
  const urls = others.map(({ url }) => url);
  const near = nearest(iamProviderKey(issuer), urls);
  const rest = urls.length === 0 ? "nor any other" : `but for ${urls.slice(0, 3).join(", ")}`;
  const seen = `there is no OIDC provider ${providerArn}, ${near === undefined ? rest : `the nearest is ${near}`}`;
  return finding("ProviderMissing", { seen });
}

function judgeClientIds(account: AccountLook, { arn, clientIds }: ProviderLook): readonly DoctorFinding[] {
  return account.audiences.flatMap((audience): readonly DoctorFinding[] => {
    if (clientIds.includes(audience)) return [];
    const place = clientIds.find((one) => regional.test(one));
    const seen = (what: string): string => `${arn} has the client ID ${what}, and not ${audience}`;
    if (place !== undefined) return [finding("ClientIdRegional", { seen: seen(place) })];
    const near = nearest(audience, clientIds);
    return near === undefined ? [] : [finding("ClientIdTypo", { seen: seen(near) })];
  });
}

const chainText = (chain: readonly ChainCertificate[]): string => chain.map(({ sha1 }) => sha1).join(", ");

function judgeThumbprints(
  { published, now }: ChainFacts,
  { arn, thumbprints }: ProviderLook,
): readonly DoctorFinding[] {
  if (published === undefined || !published.isPrivate || published.chains.length === 0) return [];
  const { chains } = published;
  const pinned = chains.map((chain) => chain.filter(({ sha1 }) => thumbprints.includes(sha1)));
  const missed = chains.filter((chain) => !chain.some(({ sha1 }) => thumbprints.includes(sha1)));
  const [first = []] = missed;
  const has = `${arn} has ${thumbprints.join(", ") || "no thumbprint"}`;
  if (missed.length === chains.length)
    return [finding("ThumbprintMismatch", { seen: `the chain is ${chainText(first)}; ${has}` })];
  if (missed.length > 0)
    return [finding("ThumbprintSometimes", { seen: `one chain is ${chainText(first)}; ${has}` })];
  const ends = Math.min(...pinned.map((chain) => Math.max(...chain.map(({ notAfter }) => notAfter))));
  if (ends - now >= soonMs) return [];
  const seen = `the certificate of the registered thumbprint ends on ${isoDay(ends)}, in ${lengthText(ends - now)}`;
  return [finding("ThumbprintExpiring", { seen })];
}

/** Roles of accounts in which the config makes no provider. */
function judgeAccounts({ accounts, workloads }: ChainFacts): readonly DoctorFinding[] {
  const known = accounts.map(({ account }) => account);
  return workloads.flatMap(({ serviceAccount, account, pods }) => {
    const annotated = lookedAt(account)?.annotations["eks.amazonaws.com/role-arn"];
    const given = (lookedAt(pods) ?? []).flatMap((pod) =>
      pod.containers.flatMap(({ values }) => values["AWS_ROLE_ARN"] ?? []),
    );
    return [...new Set([annotated ?? "", ...given])].flatMap((arn): readonly DoctorFinding[] => {
      // An invalid role ARN is reported with the workload.
      if (!roleArnForm.test(arn) || known.includes(readArn(arn).account) || known.length === 0) return [];
      const seen = `${serviceAccount} is for ${arn}, and the provider is in account ${known.join(", ")}`;
      return [finding("RoleInOtherAccount", { seen })];
    });
  });
}

/** What the publisher's CA said, where there is no good certificate. */
export function judgeCertificate({ status, certificateRefused }: ChainFacts): readonly DoctorFinding[] {
  const isBroken = status.some(({ link, outcome }) => link === "tls" && outcome === "broken");
  if (certificateRefused === undefined || !isBroken) return [];
  if (!/rate.?limit|too many|too much/iu.test(certificateRefused)) return [];
  return [finding("CertificateRateLimited", { seen: certificateRefused })];
}

/** What is wrong with the OIDC provider in each account. */
export function judgeProviders(facts: ChainFacts): readonly DoctorFinding[] {
  const own = facts.accounts.flatMap((account): readonly DoctorFinding[] => {
    const provider = lookedAt(account.provider);
    if (provider === undefined) return [];
    if (provider === null) return [absent(facts, account)];
    return [...judgeClientIds(account, provider), ...judgeThumbprints(facts, provider)];
  });
  return [...own, ...judgeAccounts(facts)];
}

/** Thumbprints that differ and are not to blame: AWS goes by its own roots where a public one vouches for the chain. */
export function excludedThumbprints({ accounts, published }: ChainFacts): readonly Excluded[] {
  if (published === undefined || published.isPrivate) return [];
  const served = new Set(published.chains.flat().map(({ sha1 }) => sha1));
  return accounts.flatMap(({ provider }): readonly Excluded[] => {
    const thumbprints = lookedAt(provider)?.thumbprints ?? [];
    if (thumbprints.length === 0 || thumbprints.some((one) => served.has(one))) return [];
    const seen =
      "its thumbprints are not of today's chain; a public root vouches for that, so that AWS does not look at them";
    return [{ link: "provider", cause: "ThumbprintMismatch", seen }];
  });
}
