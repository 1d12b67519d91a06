/** Bundles, reports and JUnit's files go to others: whatever program wrote a secret into what doctor reads, it is in none. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { junitOf } from "../../src/cli/doctor/junit.ts";
import { credentials, type CredentialName } from "../../src/core/credentials/credential-rows.ts";
import { stackBundleOf, stackReportOf, type ChainFacts } from "../../src/doctor/chain/index.ts";
import { keptLines } from "../../src/doctor/chain/logs.ts";
import { keptLocation } from "../../src/doctor/bundle/documents.ts";
import { bundleOf, factsOfBundle, reportOf } from "../../src/doctor/index.ts";
import { knownWords } from "../../src/doctor/judge/index.ts";
import { runs } from "../support/runs.ts";
import { recordedFaults } from "./chain/recorded.ts";
import { key, newWorld, page } from "./world.ts";

/** What stands in no file, in each of its forms. */
const planted = /hunter2|wJalrX|IQoJb3|PLANTED/u;
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const session = "IQoJb3JpZ2luX2VjEJr//////////wEaDGV1LWNlbnRyYWwtMSJHMEUCIQ";
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJQTEFOVEVEIn0.${"PLANTED".repeat(8)}`;
const pem = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .replace(/\n(?=[^-])/u, "\nPLANTED");

/** The 28 forms of the attack report of 2026-12-01 (M2), as programs write them. */
const forms: readonly string[] = [
  `AWS_SECRET_ACCESS_KEY=${secret}`,
  `export AWS_SESSION_TOKEN="${session}"`,
  `<SecretAccessKey>${secret}</SecretAccessKey>`,
  `<SessionToken>${session}</SessionToken>`,
  `{AccessKeyID:AKIAPLANTEDPLANTED23 SecretAccessKey:${secret} SessionToken:${session} Source:}`,
  `SecretAccessKey: aws.String("${secret}")`,
  `"SecretAccessKey": "${secret}"`,
  `{\\"secretAccessKey\\":\\"${secret}\\"}`,
  `x-amz-security-token: ${session}`,
  `Authorization: Bearer hunter2hunter2`,
  `Authorization: Basic aHVudGVyMg==hunter2`,
  "password=hunter2hunter2",
  "password: hunter2",
  "https://idp.example/token?client_secret=hunter2&grant_type=x",
  '{"accessToken":"hunter2hunter2"}',
  "refresh_token=hunter2hunter2",
  `hvs.PLANTED${"a1B2".repeat(8)}`,
  `ya29.PLANTED${"a1B2".repeat(8)}`,
  `ghp_PLANTED${"a1B2".repeat(8)}`,
  "Set-Cookie: session=hunter2; Path=/",
  "Cookie: session=hunter2",
  "AccountKey=hunter2hunter2==;EndpointSuffix=core.windows.net",
  `token ${jwt.replaceAll(".", "%2E")}`,
  `token eyAi${jwt.slice(4)}`,
  jwt,
  pem,
  "https://person:hunter2hunter2@proxy.example:3128",
  "https://b.s3.amazonaws.com/k?X-Amz-Signature=hunter2&X-Amz-Security-Token=hunter2",
];

/** A credential of each row of the table, as it would stand in a line. A new row asks for one. */
const ofRows: Readonly<Record<CredentialName, string>> = Object.fromEntries(
  Object.entries(credentials).map(([name, { masked, variables }]) => {
    const names: readonly string[] = [...masked, ...variables];
    return [name, names.map((one) => `${one}=hunter2hunter2 "${one}": "hunter2hunter2"`).join("; ")];
  }),
) as Record<CredentialName, string>;

const call = "DEBUG AssumeRoleWithWebIdentity WebIdentityErr";

/** Facts in which a text stands wherever a program, a server or an API wrote one. */
function factsWith(text: string): ChainFacts {
  const found = recordedFaults().find(({ cause }) => cause === "SessionTokenLeaks");
  assert.ok(found !== undefined);
  const { facts } = found;
  const status = [
    {
      link: "sts" as const,
      reason: "GoogleRefused" as const,
      outcome: "broken" as const,
      seen: text,
      next: text,
    },
  ];
  return {
    ...facts,
    status,
    texts: [{ from: "--error", lines: keptLines([`${call} ${text} no such host sts.amazonaws.com`]) }],
    certificateRefused: text,
    webhooks: { unseen: text },
  };
}

describe("of what others wrote", () => {
  for (const form of forms)
    test(`${JSON.stringify(form.slice(0, 40))} is in no bundle, no report and no JUnit file of a stack`, () => {
      const facts = factsWith(form);
      const report = stackReportOf(facts);
      for (const text of [
        JSON.stringify(stackBundleOf(facts)),
        JSON.stringify(report),
        junitOf(report, ["broken", "warning"]),
      ])
        assert.doesNotMatch(text, planted, text.slice(0, 200));
    });

  test("no form of a secret is in a line that is kept, whatever credential it is", () => {
    for (const form of [...forms, ...Object.values(ofRows)]) {
      const kept = keptLines([`${form} ${call} ${form}`, `${call}${form}`]);
      assert.doesNotMatch(kept.join("\n"), planted, form);
      assert.equal(kept.length, 2, form);
    }
  });

  test("property: of random texts nothing but known words is kept of a line", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, behind) => {
        const kept = knownWords(`${before}\u0000WebIdentityErr\u0000${behind}`);
        for (const part of kept.split(" … ")) assert.equal(knownWords(part), part);
        assert.ok(kept.includes("WebIdentityErr"));
        assert.ok(!kept.includes("\u0000"));
      }),
      { numRuns: runs(200) },
    );
  });
});

describe("of what an issuer answers", () => {
  test("no secret is in a bundle, whichever header or member has it, and it is judged as it was here", async () => {
    for (const form of forms.filter((one) => !one.includes("\n"))) {
      const world = await newWorld();
      try {
        page(await world.start(), "discovery", {
          status: 302,
          headers: {
            server: form,
            location: `https://login.example.test/hunter2?${encodeURI(form)}`,
            "x-cache": form,
            "x-ms-error-code": form,
            "cf-mitigated": form,
            "cache-control": form,
            "content-type": form,
          },
        });
        const facts = await world.look();
        const text = JSON.stringify(bundleOf(facts));
        assert.doesNotMatch(text, planted, form);
        const reasonsOf = (given: typeof facts) => reportOf(given).findings.map(({ reason }) => reason);
        assert.deepEqual(reasonsOf(factsOfBundle(text)), reasonsOf(facts));
      } finally {
        await world.close();
      }
    }
  });

  test("of a redirect its target is kept, and what lets somebody in is not", () => {
    for (const [location, kept] of [
      ["https://login.example.test/", "https://login.example.test/"],
      ["https://user:hunter2@login.example.test/a/b.html?x=hunter2#y", "https://login.example.test/a/b.html"],
      ["https://login.example.test/reset/4f5e6d7c8b9a", "https://login.example.test/…"],
      ["//login.example.test/hunter2", "//login.example.test/…"],
      ["/login", "/login"],
      ["/hunter2", "/…"],
      ["hunter2", "/…"],
      ["", ""],
    ] as const)
      assert.equal(keptLocation(location), kept, location);
  });

  test("of keys their public members are kept, and of strange ones that they are there", async () => {
    const world = await newWorld();
    try {
      const strange = {
        ...key.jwk,
        kid: "strange",
        kty: { hunter2: 1 },
        key_ops: ["verify", { hunter2: 1 }],
        use: 1,
      };
      const keys = [key.jwk, "hunter2", strange, { ...key.jwk, kid: "own", d: "hunter2", hunter2: 1 }];
      page(await world.start(), "jwks", { body: JSON.stringify({ keys, hunter2: 1 }) });
      const facts = await world.look();
      const text = JSON.stringify(bundleOf(facts));
      assert.doesNotMatch(text, planted);
      const reasonsOf = (given: typeof facts) => reportOf(given).findings.map(({ reason }) => reason);
      assert.ok(reasonsOf(facts).includes("PrivateKeyPublished"));
      assert.deepEqual(reasonsOf(factsOfBundle(text)), reasonsOf(facts));
    } finally {
      await world.close();
    }
  });

  test("and of a token only what STS reads is kept: it is as long as it was, and judged alike", async () => {
    const world = await newWorld();
    try {
      await world.start();
      world.sign(
        { note: "hunter2".repeat(3000), "kubernetes.io": { secret: { name: "hunter2" } } },
        { x5t: "hunter2" },
      );
      const facts = await world.look();
      const text = JSON.stringify(bundleOf(facts));
      assert.doesNotMatch(text, planted);
      const report = reportOf(facts);
      assert.ok(
        report.findings.some(({ seen }) => seen.startsWith("token-length")),
        JSON.stringify(report.findings),
      );
      assert.deepEqual(
        reportOf(factsOfBundle(text)).findings.map(({ reason }) => reason),
        report.findings.map(({ reason }) => reason),
      );
    } finally {
      await world.close();
    }
  });
});

describe("JUnit's XML", () => {
  test("has no character that commands a terminal or hides from the eye", () => {
    const seen = 'a\u202e\u2028\u009b31m\u001b[2J\u200b\ufffe\u{e0041}<b>\n\t"&';
    const report = { ...stackReportOf(factsWith("")), issuer: `https://a.example/${seen}` };
    const [first] = report.findings;
    assert.ok(first !== undefined);
    const xml = junitOf({ ...report, findings: [{ ...first, seen, next: seen }] }, ["broken", "warning"]);
    assert.doesNotMatch(xml.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe]/u);
    assert.match(xml, /a\\u202e\\u2028\\u009b31m/u);
  });
});
