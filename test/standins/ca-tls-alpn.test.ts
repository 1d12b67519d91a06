import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type AcmeAccount,
  AcmeProblem,
  type ChallengeSolver,
  createAccountKey,
  obtainCertificate,
  openAcme,
  tlsAlpn01Solver,
} from "../../src/providers/acme/index.ts";
import { type StandInCa, startAuthority } from "../../src/sandbox/ca/index.ts";
import { type ChallengeListeners, startChallengeListeners } from "../support/challenge-listeners.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const names = ["oidc.example.com"];
const clock = new SwiftClock();
let listeners: ChallengeListeners;
let ca: StandInCa;
let account: AcmeAccount;

/** What the CA says of an order whose only solver is this one. */
async function refusal(solver: ChallengeSolver): Promise<AcmeProblem> {
  try {
    await obtainCertificate(account, { names, solvers: [solver] });
  } catch (error) {
    assert.ok(error instanceof AcmeProblem, String(error));
    return error;
  }
  throw new Error("the CA gave a certificate");
}

/** Presents another challenge than the one that is asked for. */
function presenting(change: (challenge: { token: string }) => object): ChallengeSolver {
  const { tlsAlpn01 } = listeners;
  return {
    type: "tls-alpn-01",
    present: (challenge) => tlsAlpn01.present({ ...challenge, ...change(challenge) }),
    cleanup: (challenge) => tlsAlpn01.cleanup({ ...challenge, ...change(challenge) }),
  };
}

describe("the stand-in CA's TLS-ALPN-01", () => {
  before(async () => {
    listeners = await startChallengeListeners();
    ca = await startAuthority({ clock, connectTo: listeners.connectTo });
    const client = openAcme({ directory: ca.directoryUrl, ca: ca.tlsCa, clock });
    account = await client.newAccount({ key: createAccountKey(), termsOfServiceAgreed: true });
  });

  after(async () => {
    await Promise.all([ca.close(), listeners.close()]);
  });

  test("a server without acme-tls/1 fails the handshake (RFC 8737 §3)", async () => {
    assert.ok((await refusal(tlsAlpn01Solver())).is("tls"));
  });

  test("the digest of another account's key authorization is no proof", async () => {
    const problem = await refusal(presenting(({ token }) => ({ keyAuthorization: `${token}.another` })));
    assert.ok(problem.is("unauthorized"));
    assert.match(problem.message, /lacks the digest/u);
  });

  test("after wrong answers nothing was issued, and the right answer still gets a certificate", async () => {
    assert.equal(ca.issued().length, 0);
    await obtainCertificate(account, { names, solvers: [listeners.tlsAlpn01] });
    assert.equal(ca.issued().length, 1);
  });
});
