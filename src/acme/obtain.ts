import { PodtrustError } from "../base/index.ts";
import type { AcmeAccount } from "./account.ts";
import { authorize } from "./authorize.ts";
import { chainText, validityOf } from "./chain.ts";
import { newSigningRequest } from "./csr.ts";
import { checkLeaf, downloadChain } from "./download.ts";
import { identifiersOf } from "./names.ts";
import { AcmeProblem } from "./problem.ts";
import { answerInvalid } from "./read-order.ts";
import { certificateId } from "./renewal-info.ts";
import type { Order } from "./resources.ts";
import type { Session } from "./session.ts";
import { SignedAccount } from "./signed-account.ts";
import type { ChallengeSolver } from "./solver.ts";

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
