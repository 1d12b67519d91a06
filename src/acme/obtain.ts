import type { X509Certificate } from "node:crypto";
import { errorText, PodtrustError } from "../base/index.ts";
import { type AcmeAccount, SignedAccount } from "./account.ts";
import { answerInvalid } from "./answer.ts";
import { authorize } from "./authorize.ts";
import { chainText, namesOf, readChain, validityOf } from "./chain.ts";
import { identifiersOf } from "./names.ts";
import type { Order } from "./order.ts";
import { AcmeProblem } from "./problem.ts";
import { certificateId } from "./renewal-info.ts";
import type { Session } from "./session.ts";
import type { ChallengeSolver } from "./solver.ts";
import { newSigningRequest } from "./x509.ts";

// A CA's clock may be ahead of ours; more than a day is no clock any more.
const mostSkew = 24 * 3_600_000;

type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** What a certificate has to be. `publicKey`: SubjectPublicKeyInfo in DER; `now` in ms since the epoch. */
export interface WantedCertificate {
  readonly names: readonly string[];
  readonly publicKey: Uint8Array;
  readonly now: number;
}

function refuse(why: string, cause?: unknown): never {
  throw new PodtrustError("acme-certificate-invalid", why, cause === undefined ? {} : { cause });
}

function checkedChain(text: string): Chain {
  try {
    return readChain(text);
  } catch (error) {
    return refuse(`the CA's chain is unusable: ${errorText(error)}`, error);
  }
}

/** Throws `acme-certificate-invalid` unless the certificate is the one that was asked for, and good now. */
export function checkLeaf(leaf: X509Certificate, wanted: WantedCertificate): void {
  const spki = leaf.publicKey.export({ type: "spki", format: "der" });
  if (!spki.equals(wanted.publicKey)) refuse("the certificate is for another key than the one that was sent");
  const names = namesOf(leaf);
  if (names.join() !== [...wanted.names].sort().join()) {
    refuse(`the certificate is for ${names.join(", ")}, not for ${wanted.names.join(", ")}`);
  }
  const { notBefore, notAfter } = validityOf(leaf);
  const clock = "is this machine's clock right?";
  if (notAfter <= wanted.now) {
    refuse(`the new certificate has expired at ${new Date(notAfter).toISOString()}; ${clock}`);
  }
  if (notBefore > wanted.now + mostSkew) {
    refuse(`the new certificate begins at ${new Date(notBefore).toISOString()} only; ${clock}`);
  }
}

/** The common name of the root that a chain leads to, whether it is in it or not. */
function rootOf(chain: Chain): string {
  return /^CN=(.*)$/mu.exec(chain.at(-1)?.issuer ?? "")?.[1] ?? "";
}

/** The chain at `url`, or the first of its alternates that leads to `preferredRoot` where it does not itself. */
export async function downloadChain(
  account: Pick<AcmeAccount, "certificate">,
  url: string,
  preferredRoot: string | undefined,
  signal?: AbortSignal,
): Promise<Chain> {
  const first = await account.certificate(url, signal);
  const chain = checkedChain(first.chain);
  if (preferredRoot === undefined || rootOf(chain) === preferredRoot) return chain;
  for (const alternate of first.alternates) {
    const other = checkedChain((await account.certificate(alternate, signal)).chain);
    if (rootOf(other) === preferredRoot) return other;
  }
  return chain;
}

export interface CertificateRequest {
  /** DNS names (a wildcard too) and IP addresses. */
  readonly names: readonly string[];
  /** In order of preference. */
  readonly solvers: readonly ChallengeSolver[];
  readonly profile?: string;
  /** The certificate (PEM, leaf first) that this one replaces, when this CA issued it. */
  readonly replaces?: string;
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
  session: Session,
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
  session: Session,
  certificate: string | undefined,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { renewalInfo } = await session.directory(signal);
  return certificate === undefined || renewalInfo === undefined ? undefined : certificateId(certificate);
}

async function placeOrder(
  account: SignedAccount,
  request: CertificateRequest,
  signal?: AbortSignal,
): Promise<Order> {
  await checkProfile(account.session, request.profile, signal);
  const order = {
    names: request.names,
    ...(request.profile === undefined ? {} : { profile: request.profile }),
  };
  const replaces = await replaced(account.session, request.replaces, signal);
  if (replaces === undefined) return account.newOrder(order, signal);
  try {
    return await account.newOrder({ ...order, replaces }, signal);
  } catch (error) {
    // `replaces` is a courtesy that earns exemption from rate limits. A CA that will not have it, or cannot
    // find what it issued (Pebble answers 500 for one serial number in 256), still issues without.
    const other = ["acme-rate-limited", "acme-account-unknown", "acme-account-refused"];
    if (!(error instanceof AcmeProblem) || other.includes(error.code)) throw error;
    account.session.logger.warn("the CA does not take `replaces`; ordering without", { replaces });
    return account.newOrder(order, signal);
  }
}

/**
 * The whole way: order, proof of every name, a new P-256 key, certificate, checks (RFC 8555 §7.4). Every
 * challenge that was presented is cleaned up, whatever happens.
 *
 * Throws AcmeProblem for what the CA refuses, PodtrustError `acme-no-solver`, `acme-profile-unknown`,
 * `acme-certificate-invalid`, `deadline-exceeded` and those of src/http.
 */
export async function obtainCertificate(
  account: AcmeAccount,
  request: CertificateRequest,
  signal?: AbortSignal,
): Promise<IssuedCertificate> {
  if (!(account instanceof SignedAccount)) throw new TypeError("an account of openAcme is needed");
  const identifiers = identifiersOf(request.names);
  let order = await placeOrder(account, request, signal);
  for (const url of order.authorizations) await authorize(account, url, request.solvers, signal);
  order = await account.waitForOrder(order, (seen) => seen.status !== "pending", signal);
  const signing = await newSigningRequest(identifiers);
  order = await account.finalize(order, signing.csr, signal);
  order = await account.waitForOrder(order, (seen) => seen.status === "valid", signal);
  if (order.certificate === undefined) throw answerInvalid(order.url, "it is valid and names no certificate");
  const chain = await downloadChain(account, order.certificate, request.preferredRoot, signal);
  const names = identifiers.map((one) => one.value);
  checkLeaf(chain[0], { names, publicKey: signing.publicKey, now: account.session.options.clock.now() });
  return { certificate: chainText(chain), key: signing.key, ...validityOf(chain[0]) };
}
