import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import { type AcmeAccount, SignedAccount } from "./account.ts";
import { answerInvalid } from "./answer.ts";
import { authorize } from "./authorize.ts";
import {
  type CertificateChain,
  chainFault,
  type ChainRequirements,
  chainText,
  isRooted,
  readCertificates,
  rootsOf,
  validityOf,
} from "./chain/index.ts";
import { identifiersOf } from "./names.ts";
import type { Order } from "./order.ts";
import { AcmeProblem } from "./problem.ts";
import { certificateId } from "./renewal-info.ts";
import type { AcmeSession } from "./session.ts";
import type { ChallengeSolver, Identifier } from "./solver.ts";
import { newSigningRequest } from "../../core/x509/index.ts";

interface Candidate {
  readonly chain: CertificateChain;
  /** Why it cannot be served. */
  readonly fault: string | undefined;
}

/** How a chain is chosen among those that a CA offers. */
export interface ChainChoice {
  readonly wanted: ChainRequirements;
  /** Common name of the root that the chain should lead to. */
  readonly preferredRoot?: string | undefined;
}

function refused(why: string, cause?: unknown): PodtrustError {
  return new PodtrustError("acme-certificate-invalid", why, defined({ cause }));
}

function candidateOf(pem: string, wanted: ChainRequirements): Candidate {
  try {
    const chain = readCertificates(pem);
    return { chain, fault: chainFault(chain, wanted) };
  } catch (error) {
    throw refused(`the CA's chain is unusable: ${errorText(error)}`, error);
  }
}

/** The common name of the root that a chain leads to, whether it is in it or not. */
function rootOf(chain: CertificateChain): string {
  return /^CN=(.*)$/mu.exec(chain.at(-1)?.issuer ?? "")?.[1] ?? "";
}

/**
 * The chain at `url` or the alternate that is the best of those that can be served: one that leads to the preferred
 * root, else one whose root is known, else the first. Alternates are fetched only while a better chain is possible.
 * Throws `acme-certificate-invalid` when none can be served.
 */
export async function downloadChain(
  account: Pick<AcmeAccount, "certificate">,
  url: string,
  { wanted, preferredRoot }: ChainChoice,
  signal?: AbortSignal,
): Promise<CertificateChain> {
  const isBest = ({ chain, fault }: Candidate): boolean =>
    fault === undefined &&
    (preferredRoot === undefined ? isRooted(chain, wanted) : rootOf(chain) === preferredRoot);
  const first = await account.certificate(url, signal);
  const candidates = [candidateOf(first.chain, wanted)];
  for (const alternate of first.alternates) {
    if (candidates.some(isBest)) break;
    try {
      candidates.push(candidateOf((await account.certificate(alternate, signal)).chain, wanted));
    } catch (error) {
      // An alternate that cannot be fetched is skipped; the first chain is the one that was ordered.
      signal?.throwIfAborted();
      if (!(error instanceof PodtrustError)) throw error;
    }
  }
  const good = candidates.filter(({ fault }) => fault === undefined);
  const best = good.find(isBest) ?? good.find(({ chain }) => isRooted(chain, wanted)) ?? good[0];
  if (best === undefined) throw refused(`${url}: ${candidates[0]?.fault ?? "there is no chain"}`);
  return best.chain;
}

export interface CertificateRequest {
  /** DNS names (a wildcard too) and IP addresses. */
  readonly names: readonly string[];
  /** In order of preference. */
  readonly solvers: readonly ChallengeSolver[];
  readonly profile?: string;
  /** The certificate (PEM, leaf first) that this one replaces, when this CA issued it. */
  readonly replaces?: string;
  /** The certificate (PEM, leaf first) that is served now, of any CA: one that ends earlier is refused. */
  readonly served?: string;
  /** Common name of the root that the chain should lead to, where the CA offers several. */
  readonly preferredRoot?: string;
}

/** A certificate and the key that was made for it. Times in milliseconds since the epoch. */
export interface IssuedCertificate {
  /** PEM chain, leaf first. */
  readonly certificate: string;
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

async function checkProfile(
  session: AcmeSession,
  profile: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (profile === undefined) return;
  const offered = Object.keys((await session.directory(signal)).profiles);
  if (offered.includes(profile)) return;
  const list = offered.length === 0 ? "the CA has no profiles" : `the CA's are ${offered.join(", ")}`;
  throw new PodtrustError("acme-profile-unknown", `${session.directoryUrl}: no profile ${profile}: ${list}`, {
    detail: { profile, offered },
  });
}

// RFC 9773 §5: only what the same CA issued can be replaced, and only where it does ARI.
async function replaced(
  session: AcmeSession,
  certificate: string | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { renewalInfo } = await session.directory(signal);
  if (certificate === undefined || renewalInfo === undefined) return undefined;
  try {
    return certificateId(certificate);
  } catch (error) {
    // One that ARI cannot name is still renewed.
    session.logger.debug("the certificate is not named as replaced", { error: errorText(error) });
    return undefined;
  }
}

async function placeOrder(
  account: SignedAccount,
  request: CertificateRequest,
  signal?: AbortSignal,
): Promise<Order> {
  await checkProfile(account.session, request.profile, signal);
  const order = {
    names: request.names,
    ...defined({ profile: request.profile }),
  };
  const replaces = await replaced(account.session, request.replaces, signal);
  if (replaces === undefined) return account.newOrder(order, signal);
  try {
    return await account.newOrder({ ...order, replaces }, signal);
  } catch (error) {
    // `replaces` is optional and exempts from rate limits. A CA that refuses it, or cannot find what it issued (Pebble
    // answers 500 for one serial number in 256), still issues without.
    const other = ["acme-rate-limited", "acme-account-unknown", "acme-account-refused"];
    if (!(error instanceof AcmeProblem) || other.includes(error.code)) throw error;
    account.session.logger.warn("the CA does not take `replaces`; ordering without", { replaces });
    return account.newOrder(order, signal);
  }
}

// A CA that asks for proof of other names, or of one name many times, gets neither.
function checkNames(order: Order, identifiers: readonly Identifier[]): void {
  const text = (list: readonly Identifier[]): string =>
    list
      .map(({ value }) => value)
      .sort()
      .join(", ");
  if (text(order.identifiers) !== text(identifiers))
    throw answerInvalid(
      order.url,
      `the order is for ${text(order.identifiers)}, not for ${text(identifiers)}`,
    );
  const { length } = order.authorizations;
  if (length > identifiers.length)
    throw answerInvalid(order.url, `it wants ${length} proofs for ${identifiers.length} names`);
}

/**
 * The whole process: order, proof of every name, a new P-256 key, certificate, checks (RFC 8555 §7.4). Every challenge
 * that was presented is cleaned up, whatever happens.
 *
 * Throws AcmeProblem for what the CA refuses, PodtrustError `acme-no-solver`, `acme-profile-unknown`,
 * `acme-certificate-invalid`, `deadline-exceeded` and those of src/core/http.
 */
export async function obtainCertificate(
  account: AcmeAccount,
  request: CertificateRequest,
  signal?: AbortSignal,
): Promise<IssuedCertificate> {
  if (!(account instanceof SignedAccount)) throw new TypeError("an account of openAcme is needed");
  const identifiers = identifiersOf(request.names);
  let order = await placeOrder(account, request, signal);
  checkNames(order, identifiers);
  const proofs = { solvers: request.solvers, identifiers };
  for (const url of order.authorizations) await authorize(account, url, proofs, signal);
  order = await account.waitForOrder(order, (seen) => seen.status !== "pending", signal);
  const signing = await newSigningRequest(identifiers.map((one) => one.value));
  order = await account.finalize(order, signing.csr, signal);
  order = await account.waitForOrder(order, (seen) => seen.status === "valid", signal);
  if (order.certificate === undefined) throw answerInvalid(order.url, "it is valid and names no certificate");
  const { clock, ca = [] } = account.session.options;
  const wanted: ChainRequirements = {
    names: identifiers.map((one) => one.value),
    noOtherNames: true,
    key: signing.key,
    now: clock.now(),
    roots: rootsOf(ca),
    before: request.served === undefined ? undefined : readCertificates(request.served),
  };
  const { preferredRoot } = request;
  const chain = await downloadChain(account, order.certificate, { wanted, preferredRoot }, signal);
  return { certificate: chainText(chain), key: signing.key, ...validityOf(chain[0]) };
}
