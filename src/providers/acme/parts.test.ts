import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { SwiftClock } from "../../../test/support/swift-clock.ts";
import { defined, PodtrustError } from "../../core/base/index.ts";
import { alternateLinks, retryAfterMs } from "./answer.ts";
import { chainText, namesOf, readCertificates } from "./chain/index.ts";
import { checkDirectoryUrl, readDirectory } from "./directory.ts";
import { createAccountKey, letsEncrypt, readAccountKey, stagingOf } from "./index.ts";
import { identifiersOf } from "./names.ts";
import { readAuthorization, readOrder } from "./order.ts";
import { poll, type Polling } from "./poll.ts";
import { AcmeProblem, problemOf } from "./problem.ts";
import { certificateId } from "./renewal-info.ts";
import { Nonces } from "./session.ts";

const url = "https://ca.example/x";
const answer = (body: unknown, status = 200, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
});

describe("the ACME client's parts", () => {
  test("Retry-After: seconds, a date relative to the answer's own clock, nonsense", () => {
    assert.equal(retryAfterMs({ "retry-after": "120" }, 0), 120_000);
    const date = "Wed, 25 Nov 2026 00:01:00 GMT";
    assert.equal(retryAfterMs({ "retry-after": date, date: "Wed, 25 Nov 2026 00:00:00 GMT" }, 0), 60_000);
    assert.equal(retryAfterMs({ "retry-after": date }, Date.parse(date) - 5000), 5000);
    assert.equal(retryAfterMs({ "retry-after": date }, Date.parse(date) + 5000), 0, "the past is now");
    for (const value of [undefined, "", "soon", "-1"]) {
      assert.equal(retryAfterMs(defined({ "retry-after": value }), 0), undefined);
    }
    assert.equal(retryAfterMs({ "retry-after": "9999999999" }, 0), 30 * 24 * 3_600_000, "bounded");
  });

  test("the freshest nonce is used first, few are kept, and illegal ones never", () => {
    const nonces = new Nonces();
    assert.equal(nonces.take(), undefined);
    for (let i = 0; i < 20; i += 1) nonces.keep({ "replay-nonce": `n${i}` });
    for (const bad of ["", "a b", "ü", "x".repeat(600)]) nonces.keep({ "replay-nonce": bad });
    const taken = Array.from({ length: 9 }, () => nonces.take());
    assert.deepEqual(taken, ["n19", "n18", "n17", "n16", "n15", "n14", "n13", "n12", undefined]);
  });

  test("names become identifiers: lower case, A-labels, each once, sorted; addresses in one form", () => {
    assert.deepEqual(
      identifiersOf(["B.example.", "b.EXAMPLE", "*.a.example", "Bücher.example", "2001:DB8:0::1"]),
      [
        { type: "dns", value: "*.a.example" },
        { type: "ip", value: "2001:db8::1" },
        { type: "dns", value: "b.example" },
        { type: "dns", value: "xn--bcher-kva.example" },
      ],
    );
    const bad = [
      "",
      "0",
      "127.1",
      "a..b",
      "-a.example",
      "a b.example",
      "*.*.example",
      "a.*.example",
      "x".repeat(64) + ".example",
    ];
    for (const name of bad) assert.throws(() => identifiersOf([name]), { code: "acme-name-refused" }, name);
    assert.throws(() => identifiersOf([]), { code: "acme-name-refused" });
    assert.throws(() => identifiersOf(Array.from({ length: 101 }, (_, i) => `n${i}.example`)), {
      code: "acme-name-refused",
    });
  });

  test("a CA is spoken to over HTTPS, or in the clear on loopback only", () => {
    for (const good of [
      "https://ca.example/dir",
      "http://127.0.0.1:1/dir",
      "http://localhost/dir",
      "http://[::1]:2/d",
    ]) {
      checkDirectoryUrl(good);
    }
    for (const bad of [
      "http://ca.example/dir",
      "ftp://127.0.0.1/",
      "ca.example",
      "http://127.0.0.1.example/",
    ]) {
      assert.throws(() => checkDirectoryUrl(bad), { code: "acme-directory-invalid" }, bad);
    }
  });

  const directory = { newNonce: url, newAccount: url, newOrder: url, revokeCert: url };

  test("a directory: what is needed, what is optional, and no plain address in it", () => {
    const read = readDirectory(
      url,
      answer({ ...directory, meta: { profiles: { classic: "c" }, caaIdentities: ["ca.example", 1] } }),
    );
    assert.deepEqual(read.profiles, { classic: "c" });
    assert.deepEqual(read.caaIdentities, ["ca.example"]);
    assert.deepEqual(
      [read.renewalInfo, read.keyChange, read.externalAccountRequired],
      [undefined, undefined, false],
    );
    const bad = [
      "no json",
      "[]",
      { ...directory, newOrder: undefined },
      { ...directory, newOrder: "http://ca.example/x" },
    ];
    for (const body of bad)
      assert.throws(() => readDirectory(url, answer(body)), { code: "acme-directory-invalid" });
  });

  test("orders and authorizations that are none are refused by name", () => {
    const order = {
      status: "pending",
      identifiers: [{ type: "dns", value: "A.example" }],
      authorizations: [url],
      finalize: url,
    };
    assert.equal(readOrder(url, answer(order)).identifiers[0]?.value, "a.example");
    const orders = [
      "nonsense",
      { ...order, status: "odd" },
      { ...order, identifiers: [{ type: "mail", value: "x" }] },
      { ...order, authorizations: ["http://elsewhere.example/"] },
      { ...order, authorizations: Array.from({ length: 201 }, () => url) },
      { ...order, finalize: 1 },
      { ...order, certificate: "file:///etc/passwd" },
    ];
    for (const body of orders)
      assert.throws(() => readOrder(url, answer(body)), { code: "acme-answer-invalid" });
    const challenge = { type: "http-01", url, status: "pending", token: "abc" };
    const authorization = {
      status: "pending",
      identifier: { type: "dns", value: "a.example" },
      challenges: [challenge],
    };
    assert.equal(readAuthorization(url, answer(authorization)).challenges[0]?.token, "abc");
    for (const token of ["../../etc", "a.b", "a/b", "x".repeat(513)]) {
      const body = { ...authorization, challenges: [{ ...challenge, token }] };
      assert.throws(() => readAuthorization(url, answer(body)), { code: "acme-answer-invalid" }, token);
    }
  });

  test("a problem document becomes an error with type, detail, subproblems and what to do", () => {
    const document = {
      type: "urn:ietf:params:acme:error:compound",
      detail: "Some of the identifiers\u0007failed",
      subproblems: [
        {
          type: "urn:ietf:params:acme:error:caa",
          detail: "CAA forbids",
          identifier: { type: "dns", value: "a.example" },
        },
      ],
    };
    const problem = problemOf(url, answer(document, 403, { "retry-after": "7" }), 0);
    assert.ok(problem instanceof PodtrustError);
    assert.equal(problem.code, "acme-challenge-failed");
    assert.equal(
      problem.message,
      `${url}: Some of the identifiers  failed; a.example: CAA forbids`.replace("  ", " "),
    );
    assert.equal(problem.retryAfterMs, 7000);
    assert.deepEqual(problem.detail, {
      url,
      status: 403,
      type: document.type,
      subproblems: [
        { type: "urn:ietf:params:acme:error:caa", detail: "CAA forbids", identifier: "a.example" },
      ],
      retryAfterSeconds: 7,
    });
    assert.match(problem.next, /each name/u);
  });

  test("every kind of problem has a code of its own kind", () => {
    const code = (type: string, status = 400) =>
      problemOf(url, answer({ type: `urn:ietf:params:acme:error:${type}`, detail: "d" }, status), 0).code;
    assert.equal(code("rateLimited"), "acme-rate-limited");
    assert.equal(code("caa"), "acme-caa");
    assert.equal(code("rejectedIdentifier"), "acme-name-refused");
    assert.equal(code("externalAccountRequired"), "acme-account-refused");
    assert.equal(code("invalidProfile"), "acme-profile-unknown");
    assert.equal(code("serverInternal"), "acme-unavailable");
    assert.equal(code("somethingNew"), "acme-refused");
    for (const name of ["constructor", "__proto__", "toString", ""]) assert.equal(code(name), "acme-refused");
    assert.equal(problemOf(url, answer("<html>", 503), 0).code, "acme-unavailable");
    assert.equal(problemOf(url, answer("", 429), 0).code, "acme-rate-limited");
    assert.equal(problemOf(url, answer({ type: "urn:other:rateLimited" }, 404), 0).code, "acme-refused");
  });

  test("alternate chains: only those links, only verified ones, a few at most", () => {
    const header = `<https://ca.example/dir>;rel="index", </alt/1>;rel="alternate", <http://plain.example/>;rel=alternate, <https://ca.example/2>; rel=alternate`;
    assert.deepEqual(alternateLinks(header, url), ["https://ca.example/alt/1", "https://ca.example/2"]);
    assert.deepEqual(alternateLinks(undefined, url), []);
    const many = Array.from({ length: 50 }, (_, i) => `<https://ca.example/${i}>;rel="alternate"`).join(", ");
    assert.equal(alternateLinks(many, url).length, 5);
  });

  test("a chain holds certificates only", async () => {
    const authority = await testAuthority("One");
    const { certificate, key } = await authority.issue([
      "b.example",
      "A.example",
      "192.0.2.1",
      "2001:db8::1",
    ]);
    const chain = readCertificates(`noise\n${certificate}`);
    assert.equal(chain.length, 2);
    assert.deepEqual(namesOf(chain[0]), ["192.0.2.1", "2001:db8::1", "a.example", "b.example"]);
    assert.equal(chainText(chain), certificate.replaceAll(/\n+/gu, "\n"));
    const [leaf = ""] = certificate.split(/(?<=-----END CERTIFICATE-----\n)/u);
    const refused = [
      ["", /no certificate/u],
      [`${leaf}${key}`, /PRIVATE KEY beside/u],
      [authority.root.repeat(11), /more than 10/u],
      ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", /cannot be read/u],
      ["x".repeat(200_000), /longer than/u],
    ] as const;
    for (const [text, words] of refused) {
      assert.throws(() => readCertificates(text), { code: "certificate-invalid", message: words });
    }
    assert.throws(() => certificateId(leaf), { code: "certificate-invalid" }, "no authority key identifier");
  });

  test("an account's key survives PEM and JWK, and is of P-256 only", () => {
    const key = createAccountKey();
    assert.equal(readAccountKey(key.pem).thumbprint, key.thumbprint);
    assert.throws(
      () =>
        readAccountKey({
          kty: "OKP",
          crv: "Ed25519",
          x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
          d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        }),
      TypeError,
    );
  });

  test("Let's Encrypt's production is the one CA whose staging is known", () => {
    assert.equal(stagingOf(letsEncrypt.production), letsEncrypt.staging);
    assert.equal(stagingOf(letsEncrypt.staging), undefined);
    assert.equal(stagingOf(url), undefined);
  });

  function polling(looks: readonly (number | Error | undefined)[], clock: SwiftClock): Polling<boolean> {
    let look = 0;
    return {
      what: "the thing",
      clock,
      deadlineMs: 60_000,
      signal: undefined,
      read: () => {
        const seen = looks[Math.min(look, looks.length - 1)];
        look += 1;
        if (seen instanceof Error) return Promise.reject(seen);
        return Promise.resolve({ value: look >= looks.length, retryAfterMs: seen });
      },
      done: (value) => value,
    };
  }

  test("polling keeps to Retry-After, to its own pace without, and to its deadline", async () => {
    const clock = new SwiftClock(0);
    await poll(polling([undefined, 7000, 0, undefined, undefined], clock));
    assert.deepEqual(clock.waits, [500, 7000, 2000, 3000]);
    const late = polling([undefined, undefined], new SwiftClock(0));
    await assert.rejects(poll({ ...late, done: () => false }), {
      code: "deadline-exceeded",
      message: /the thing/u,
    });
    await assert.rejects(poll(polling([61_000, undefined], new SwiftClock(0))), {
      code: "deadline-exceeded",
    });
  });

  test("a clock that is set back makes no polling longer", async () => {
    let [waits, slept] = [0, 0];
    const backwards = {
      now: () => -waits * 3_600_000,
      elapsed: () => slept,
      sleep: (ms: number): Promise<void> => {
        waits += 1;
        slept += ms;
        assert.ok(waits < 100, `still waiting after ${ms} ms more`);
        return Promise.resolve();
      },
    };
    const endless = { ...polling([undefined], new SwiftClock(0)), clock: backwards, done: () => false };
    await assert.rejects(poll(endless), { code: "deadline-exceeded" });
  });

  test("while a CA decides, what passes by itself is waited out and what does not is thrown at once", async () => {
    const busy = new AcmeProblem({ detail: "busy" }, { url, status: 503, retryAfterMs: 3000 });
    const unreachable = new PodtrustError("http-unreachable", "gone");
    const clock = new SwiftClock(0);
    await poll(polling([busy, unreachable, undefined], clock));
    assert.deepEqual(clock.waits, [3000, 1000]);
    const refused = new AcmeProblem(
      { type: "urn:ietf:params:acme:error:unauthorized" },
      { url, status: 403 },
    );
    await assert.rejects(poll(polling([refused], new SwiftClock(0))), refused);
    await assert.rejects(poll({ ...polling([busy], new SwiftClock(0)), done: () => false }), busy);
  });
});
