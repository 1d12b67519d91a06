import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, test } from "node:test";
import {
  type AcmeAccount,
  AcmeProblem,
  type ChallengeSolver,
  createAccountKey,
  obtainCertificate,
  openAcme,
  tlsAlpn01Solver,
} from "../../src/acme/index.ts";
import { type StandInCa, type StandInCaOptions, startStandInCa } from "../../src/sandbox/ca/index.ts";
import { type ChallengeListeners, startChallengeListeners } from "../support/challenge-listeners.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const names = ["oidc.example.com"];
const clock = new SwiftClock();
const open: { close(): Promise<void> }[] = [];
let listeners: ChallengeListeners;

async function start(options: StandInCaOptions = {}): Promise<StandInCa> {
  const started = await startStandInCa({ clock, connectTo: listeners.connectTo, ...options });
  open.push(started);
  return started;
}

function clientOf(ca: StandInCa) {
  return openAcme({ directory: ca.directoryUrl, ca: ca.tlsCa, clock });
}

function accountOf(ca: StandInCa): Promise<AcmeAccount> {
  return clientOf(ca).newAccount({ key: createAccountKey(), termsOfServiceAgreed: true });
}

before(async () => {
  listeners = await startChallengeListeners();
  open.push(listeners);
});

after(async () => {
  for (const one of open) await one.close();
});

test("our client gets certificates by HTTP-01 and TLS-ALPN-01 from a CA that rejects nonces and issues later", async () => {
  const ca = await start({ rejectNonceEvery: 3, issuesLater: true });
  const account = await accountOf(ca);
  for (const solver of [listeners.http01, listeners.tlsAlpn01]) {
    const { certificate, notAfter } = await obtainCertificate(account, { names, solvers: [solver] });
    assert.equal(new X509Certificate(certificate).checkHost("oidc.example.com"), "oidc.example.com");
    assert.ok(Math.abs(notAfter - clock.now() - 90 * 86_400_000) < 60_000, solver.type);
  }
  assert.equal(ca.issued.length, 2);
});

test("TLS-ALPN-01 by somebody who does not answer, or answers for another account, fails as RFC 8737 says", async () => {
  const ca = await start();
  const account = await accountOf(ca);
  const absent: ChallengeSolver = tlsAlpn01Solver();
  await assert.rejects(obtainCertificate(account, { names, solvers: [absent] }), (error: AcmeProblem) => {
    assert.ok(error instanceof AcmeProblem && error.is("tls"), String(error));
    return true;
  });
  const wrong: ChallengeSolver = {
    type: "tls-alpn-01",
    present: (challenge) =>
      listeners.tlsAlpn01.present({ ...challenge, keyAuthorization: `${challenge.token}.another` }),
    cleanup: (challenge) =>
      listeners.tlsAlpn01.cleanup({ ...challenge, keyAuthorization: `${challenge.token}.another` }),
  };
  await assert.rejects(obtainCertificate(account, { names, solvers: [wrong] }), (error: AcmeProblem) => {
    assert.ok(error instanceof AcmeProblem && error.is("unauthorized"), String(error));
    return true;
  });
  assert.equal(ca.issued.length, 0);
});

test("renewal information, profiles, key change and revocation agree on both sides", async () => {
  const ca = await start();
  const client = clientOf(ca);
  const account = await accountOf(ca);
  const solvers = [listeners.http01];
  const first = await obtainCertificate(account, { names, solvers, profile: "shortlived" });
  const calm = await client.renewalInfo(first.certificate);
  assert.ok(calm !== undefined && calm.start > clock.now() && calm.end > calm.start);
  ca.suggestRenewal(first.certificate, "https://stand-in.invalid/why");
  const urgent = await client.renewalInfo(first.certificate);
  assert.ok(urgent !== undefined && urgent.end < clock.now());
  await obtainCertificate(account, { names, solvers, replaces: first.certificate });
  const renewed = await account.changeKey(createAccountKey());
  await renewed.revoke(first.certificate, "superseded");
  await assert.rejects(renewed.revoke(first.certificate), (error: AcmeProblem) => error.is("alreadyRevoked"));
});

test("an account bound to an external one", async () => {
  const hmacKey = Buffer.alloc(32, 5).toString("base64url");
  const ca = await start({ externalAccounts: { "kid-1": hmacKey } });
  const account = { key: createAccountKey(), termsOfServiceAgreed: true };
  const bound = await clientOf(ca).newAccount({ ...account, externalAccount: { kid: "kid-1", hmacKey } });
  assert.match(bound.uri, /\/account\//u);
});
