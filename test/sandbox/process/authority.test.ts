import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";
import {
  type AcmeAccount,
  type AcmeClient,
  createAccountKey,
  dns01Solver,
  type IssuedCertificate,
  obtainCertificate,
  openAcme,
} from "../../../src/providers/acme/index.ts";
import { request } from "../../../src/core/http/index.ts";
import {
  type AuthorityProcess,
  type AuthorityProcessOptions,
  SandboxUsageError,
  type StandInCa,
  startAuthority,
  startAuthorityProcess,
} from "../../../src/sandbox/index.ts";
import { type ChallengeListeners, startChallengeListeners } from "../../support/challenge-listeners.ts";
import { SwiftClock } from "../../support/swift-clock.ts";

const day = 86_400_000;

// One text for both: what it awaits is a value here and a promise there.
const ways: readonly [string, (options: AuthorityProcessOptions) => Promise<AuthorityProcess | StandInCa>][] =
  [
    ["in the same process", startAuthority],
    ["in a process of its own", startAuthorityProcess],
  ];
for (const [where, start] of ways) {
  describe(`a stand-in CA ${where}, each of whose calls is awaited,`, () => {
    let authority: AuthorityProcess | StandInCa;
    let listeners: ChallengeListeners;
    let client: AcmeClient;
    let account: AcmeAccount;
    const records = new Map<string, string>();
    before(async () => {
      listeners = await startChallengeListeners();
      authority = await start({
        connectTo: listeners.connectTo,
        async resolveTxt(name) {
          if (name.includes("broken")) throw new Error("SERVFAIL");
          return [records.get(name) ?? ""];
        },
      });
      client = openAcme({
        directory: authority.directoryUrl,
        ca: authority.tlsCa,
        clock: new SwiftClock(),
      });
      account = await client.newAccount({ key: createAccountKey(), termsOfServiceAgreed: true });
    });
    afterEach(async () => authority.misbehave(undefined));
    after(() => Promise.all([authority.close(), listeners.close()]));

    const obtain = (name: string): Promise<IssuedCertificate> =>
      obtainCertificate(account, { names: [name], solvers: [listeners.http01] });
    const byDns = (name: string): Promise<IssuedCertificate> =>
      obtainCertificate(account, {
        names: [name],
        solvers: [
          dns01Solver({
            records: {
              setTxt: (record, value) => Promise.resolve(void records.set(record, value)),
              clearTxt: (record) => Promise.resolve(void records.delete(record)),
            },
          }),
        ],
      });
    const directory = () => request(authority.directoryUrl, { ca: authority.tlsCa });

    test("issues by HTTP-01 what leads to its root, and shows the account and the chain", async () => {
      const { certificate } = await obtain("shop.example.com");
      const chain = (await authority.issued()).at(-1) ?? "";
      assert.equal(certificate, chain.replaceAll(/\n+/gu, "\n"));
      const [leaf = "", intermediate = ""] = chain.split(/(?<=-----END CERTIFICATE-----\n)/u);
      assert.equal(new X509Certificate(leaf).subjectAltName, "DNS:shop.example.com");
      const root = new X509Certificate(authority.root);
      assert.ok(new X509Certificate(intermediate).verify(root.publicKey));
      assert.deepEqual(await authority.accounts(), [account.uri]);
      assert.equal(new URL(authority.directoryUrl).port, String(authority.port));
    });

    test("issues by DNS-01 where the function it was given finds the record", async () => {
      const { certificate } = await byDns("*.example.com");
      assert.equal(new X509Certificate(certificate).subjectAltName, "DNS:*.example.com");
    });

    test("refuses by DNS-01 with the words of the function that throws", async () => {
      await assert.rejects(byDns("broken.example.com"), /_acme-challenge\.broken\.example\.com: SERVFAIL/u);
    });

    test("limits requests as it is told, at the resources that it is told, until it is told otherwise", async () => {
      await authority.misbehave({ what: "rate-limit", retryAfter: 60, at: ["directory"] });
      const { status, headers } = await directory();
      assert.deepEqual([status, headers["retry-after"]], [429, "60"]);
      await authority.misbehave(undefined);
      assert.equal((await directory()).status, 200);
    });

    test("lies by the function that it is given last, which sees the truth", async () => {
      const truths: unknown[] = [];
      for (const header of ["first", "last"]) {
        await authority.misbehave({
          what: "lie",
          at: ["directory"],
          async lie(answer) {
            truths.push(answer.status);
            return { ...answer, headers: { ...answer.headers, "x-lie": header } };
          },
        });
      }
      assert.equal((await directory()).headers["x-lie"], "last");
      assert.deepEqual(truths, [200]);
    });

    test("gives no answer where the function of a lie throws", async () => {
      await authority.misbehave({
        what: "lie",
        at: ["directory"],
        lie() {
          throw new Error("not this time");
        },
      });
      await assert.rejects(directory(), { code: "http-unreachable" });
    });

    test("has a certificate renewed at once, with the reason, when it is told to, and not one it has not issued", async () => {
      const { certificate } = await obtain("renewed.example.com");
      const usual = await client.renewalInfo(certificate);
      assert.ok((usual?.start ?? 0) > Date.now() + 30 * day);
      await authority.suggestRenewal(certificate, "https://example.com/why");
      const urgent = await client.renewalInfo(certificate);
      assert.ok((urgent?.end ?? Infinity) < Date.now());
      assert.equal(urgent?.explanationUrl, "https://example.com/why");
      await assert.rejects(
        async () => authority.suggestRenewal(authority.root),
        (error: Error) => {
          assert.ok(error instanceof SandboxUsageError);
          assert.equal(error.message, "this stand-in CA has not issued that certificate");
          return true;
        },
      );
    });

    test("dates certificates by a clock that is moved on", async () => {
      const began = await authority.clock.now();
      await authority.clock.advance(30 * day);
      assert.ok((await authority.clock.now()) >= began + 30 * day);
      // Whoever lives by the machine's clock does not take it.
      await assert.rejects(obtain("later.example.com"), { code: "acme-certificate-invalid" });
      const { validFromDate } = new X509Certificate((await authority.issued()).at(-1) ?? "");
      assert.ok(validFromDate.getTime() > Date.now() + 29 * day);
      await assert.rejects(async () => authority.clock.advance(-1), SandboxUsageError);
    });
  });
}
