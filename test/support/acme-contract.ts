import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  type AcmeAccount,
  type AcmeClient,
  AcmeProblem,
  certificateId,
  createAccountKey,
  dns01Solver,
  type TxtRecords,
  obtainCertificate,
  openAcme,
} from "../../src/providers/acme/index.ts";
import { type Clock, systemClock } from "../../src/core/base/index.ts";
import type { ChallengeListeners } from "./challenge-listeners.ts";

const day = 24 * 3_600_000;

/** A CA under test: the real Pebble, or our stand-in. */
export interface CaUnderTest {
  readonly directoryUrl: string;
  readonly tlsCa: string;
  /** PEM of the root of its certificates. */
  readonly root: string;
  readonly listeners: ChallengeListeners;
  readonly dns: TxtRecords;
  /** A profile that lives less than ten days. */
  readonly shortProfile: string;
  /** The client's. */
  readonly clock: Clock;
  close(): Promise<void>;
}

export interface ExternalCa {
  readonly directoryUrl: string;
  readonly tlsCa: string;
  readonly kid: string;
  readonly hmacKey: string;
  close(): Promise<void>;
}

export interface ContractOptions {
  readonly skip: string | false;
  start(): Promise<CaUnderTest>;
  /** The same CA, which makes accounts for known people only. */
  startExternal(): Promise<ExternalCa>;
}

/** What our ACME client does with every CA. */
export function acmeContract(name: string, options: ContractOptions): void {
  describe(`the ACME client against ${name}`, { skip: options.skip }, () => {
    let started: CaUnderTest | undefined;
    let ca: CaUnderTest;
    let client: AcmeClient;
    let account: AcmeAccount;
    before(async () => {
      started = await options.start();
      ca = started;
      client = openAcme({ directory: ca.directoryUrl, ca: ca.tlsCa, clock: ca.clock });
      account = await client.newAccount({
        key: createAccountKey(),
        contact: ["ops@example.com"],
        termsOfServiceAgreed: true,
      });
    });
    after(() => started?.close());

    const chainOf = (pem: string): X509Certificate[] =>
      pem
        .split(/(?<=-----END CERTIFICATE-----\n)/u)
        .filter((one) => one.includes("BEGIN"))
        .map((one) => new X509Certificate(one));

    test("HTTP-01, several names, a chain that leads to the CA's root, a key that is the certificate's", async () => {
      const names = ["b.example.com", "a.example.com"];
      const issued = await obtainCertificate(account, { names, solvers: [ca.listeners.http01] });
      const chain = chainOf(issued.certificate);
      assert.equal(chain[0]?.subjectAltName, "DNS:a.example.com, DNS:b.example.com");
      assert.equal(chain.at(-1)?.verify(new X509Certificate(ca.root).publicKey), true);
      const { createPrivateKey } = await import("node:crypto");
      assert.equal(chain[0]?.checkPrivateKey(createPrivateKey(issued.key)), true);
      assert.equal(chain[0]?.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
      assert.equal(issued.notAfter, chain[0]?.validToDate.getTime());
    });

    test("TLS-ALPN-01 over node:tls", async () => {
      const issued = await obtainCertificate(account, {
        names: ["alpn.example.com"],
        solvers: [ca.listeners.tlsAlpn01],
      });
      assert.equal(chainOf(issued.certificate)[0]?.subjectAltName, "DNS:alpn.example.com");
      assert.equal(ca.listeners.tlsAlpn01.tlsAlpn01("alpn.example.com"), undefined, "cleaned up");
    });

    test("DNS-01, a name and its wildcard under one record name", async () => {
      const names = ["*.wild.example.com", "wild.example.com"];
      const issued = await obtainCertificate(account, {
        names,
        solvers: [dns01Solver({ records: ca.dns })],
      });
      assert.equal(
        chainOf(issued.certificate)[0]?.subjectAltName,
        "DNS:*.wild.example.com, DNS:wild.example.com",
      );
    });

    test("profiles: the one that is asked for, and none that the CA does not have", async () => {
      const request = { names: ["short.example.com"], solvers: [ca.listeners.http01] };
      const issued = await obtainCertificate(account, { ...request, profile: ca.shortProfile });
      assert.ok(issued.notAfter - issued.notBefore < 10 * day);
      await assert.rejects(obtainCertificate(account, { ...request, profile: "eternal" }), {
        code: "acme-profile-unknown",
        message: new RegExp(`no profile eternal: the CA's are .*${ca.shortProfile}`, "u"),
      });
    });

    test("ARI: the CA says when, an order names what it replaces, and replaces it once", async () => {
      const request = { names: ["ari.example.com"], solvers: [ca.listeners.http01] };
      // Pebble does not find certificates again whose serial number needs a leading zero in DER.
      let first = await obtainCertificate(account, request);
      while (certificateId(first.certificate).includes(".A"))
        first = await obtainCertificate(account, request);
      const info = await client.renewalInfo(first.certificate);
      assert.ok(info !== undefined);
      assert.ok(info.start > first.notBefore && info.end <= first.notAfter, JSON.stringify(info));
      const replaces = certificateId(first.certificate);
      const second = await obtainCertificate(account, { ...request, replaces: first.certificate });
      assert.notEqual(second.key, first.key);
      await assert.rejects(account.newOrder({ names: request.names, replaces }), (error) => {
        return error instanceof AcmeProblem && error.is("alreadyReplaced");
      });
      const third = await obtainCertificate(account, { ...request, replaces: first.certificate });
      assert.notEqual(third.certificate, second.certificate, "ordered without `replaces` then");
    });

    test("revocation, once", async () => {
      const { certificate } = await obtainCertificate(account, {
        names: ["revoked.example.com"],
        solvers: [ca.listeners.http01],
      });
      await account.revoke(certificate, "superseded");
      await assert.rejects(account.revoke(certificate), /revoked/iu);
    });

    test("a name that is not ours: what the CA saw, what to do, and the challenge cleaned up", async () => {
      const presented = new Set<string>();
      const solver = {
        type: "http-01",
        present: ({ token }: { token: string }) => Promise.resolve(void presented.add(token)),
        cleanup: ({ token }: { token: string }) => Promise.resolve(void presented.delete(token)),
      };
      await assert.rejects(
        obtainCertificate(account, { names: ["not-ours.example.com"], solvers: [solver] }),
        {
          code: "acme-challenge-failed",
          message: /^not-ours\.example\.com was not proved by http-01: .*404/u,
        },
      );
      assert.equal(presented.size, 0);
    });

    test("a solver that cannot present: its own error, and a challenge of no type that is set up", async () => {
      const broken = {
        type: "http-01",
        present: () => Promise.reject(new Error("port 80 is taken")),
        cleanup: () => Promise.resolve(),
      };
      const names = ["unsolved.example.com"];
      await assert.rejects(obtainCertificate(account, { names, solvers: [broken] }), /port 80 is taken/u);
      await assert.rejects(obtainCertificate(account, { names, solvers: [{ ...broken, type: "odd-01" }] }), {
        code: "acme-no-solver",
        message: /the CA offers .*http-01.*; set up is odd-01/u,
      });
    });

    test("accounts: found again by their key, unknown ones named, keys changed, deactivated for good", async () => {
      const key = createAccountKey();
      const own = await client.newAccount({ key, termsOfServiceAgreed: true });
      assert.equal((await client.newAccount({ key, termsOfServiceAgreed: true })).uri, own.uri);
      const existing = { termsOfServiceAgreed: true, onlyReturnExisting: true };
      assert.equal((await client.newAccount({ key, ...existing })).uri, own.uri);
      await assert.rejects(client.newAccount({ key: createAccountKey(), ...existing }), {
        code: "acme-account-unknown",
      });
      const fresh = createAccountKey();
      const changed = await own.changeKey(fresh);
      assert.equal((await client.newAccount({ key: fresh, ...existing })).uri, own.uri);
      await assert.rejects(
        own.newOrder({ names: ["late.example.com"] }),
        "the old key signs for nothing any more",
      );
      await changed.deactivate();
      await assert.rejects(changed.newOrder({ names: ["late.example.com"] }));
    });

    test("terms have to be agreed to", async () => {
      await assert.rejects(client.newAccount({ key: createAccountKey(), termsOfServiceAgreed: false }), {
        code: "acme-account-refused",
      });
    });

    test("the CA's own certificate is verified", async () => {
      const blind = openAcme({ directory: ca.directoryUrl, clock: systemClock });
      await assert.rejects(blind.directory(), { code: "http-tls" });
    });

    test("external account binding: by key id and HMAC key, and not with others", async () => {
      const external = await options.startExternal();
      try {
        const bound = openAcme({ directory: external.directoryUrl, ca: external.tlsCa, clock: systemClock });
        const open = { key: createAccountKey(), termsOfServiceAgreed: true };
        await assert.rejects(bound.newAccount(open), {
          code: "acme-account-refused",
          next: /external account/u,
        });
        const { kid, hmacKey } = external;
        const wrong = { kid, hmacKey: Buffer.alloc(32, 1).toString("base64url") };
        await assert.rejects(bound.newAccount({ ...open, externalAccount: wrong }));
        await assert.rejects(bound.newAccount({ ...open, externalAccount: { kid: "nobody", hmacKey } }));
        const account2 = await bound.newAccount({ ...open, externalAccount: { kid, hmacKey } });
        assert.match(account2.uri, /^https:/u);
      } finally {
        await external.close();
      }
    });
  });
}
