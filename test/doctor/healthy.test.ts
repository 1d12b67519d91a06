/** Issuers as they are in the field, with what is unlike Kubernetes' own documents and yet nothing to complain of. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { discoveryWith, host, newWorld, page } from "./world.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
const key = { ...rsa, use: "sig", alg: "RS256", kid: "38826b17-6a30-5f9b-b169-8beb8202f723" };

const issuers: readonly (readonly [string, object, object])[] = [
  [
    "EKS",
    { claims_supported: ["sub", "iss"], authorization_endpoint: "urn:kubernetes:programmatic_authorization" },
    key,
  ],
  [
    "GitHub Actions",
    { scopes_supported: ["openid"], claims_supported: ["sub", "aud", "job_workflow_ref"] },
    { ...key, x5t: "ykNaY4qM_ta4k2TgZOCEYLkcYlA" },
  ],
  [
    "GitLab",
    {
      token_endpoint: "https://oidc.example.test/oauth/token",
      grant_types_supported: ["authorization_code"],
    },
    key,
  ],
];

const [one, two] = ["192.0.2.1", "192.0.2.2"];

describe("a healthy issuer", () => {
  test("with two addresses and a zone that answers has no finding in any of ten looks at once", async () => {
    const world = await newWorld();
    world.timeoutMs = 5000;
    try {
      const records = { [`A ${host}`]: [one, two] };
      const caa = { "CAA example.test": ['0 issue "ca.example.org"'] };
      await world.dns({
        ...records,
        ...caa,
        "NS example.test": ["ns1.example.test"],
        "A ns1.example.test": ["192.0.2.53"],
      });
      await world.nameServer("192.0.2.53", records);
      await world.start({}, one);
      await world.start({}, two);
      const reports = await Promise.all(Array.from({ length: 10 }, () => world.examine()));
      for (const { findings } of reports) {
        // Ten at once may be too many for this machine: then that is said, and nothing of the issuer.
        const reasons = findings.map(({ reason }) => reason).filter((reason) => reason !== "LookDelayed");
        assert.deepEqual(reasons, ["NotSeenFromOutside"], JSON.stringify(findings));
      }
    } finally {
      await world.close();
    }
  });

  for (const [name, more, jwk] of issuers) {
    test(`with the documents of ${name} has no finding, and Google and Azure take its documents`, async () => {
      const world = await newWorld();
      try {
        const server = await world.start();
        page(server, "discovery", { body: discoveryWith(more) });
        page(server, "jwks", { body: JSON.stringify({ keys: [jwk] }) });
        const report = await world.examine();
        assert.equal(report.verdict, "holds", JSON.stringify(report.findings));
        assert.deepEqual(
          report.findings.map(({ reason }) => reason),
          ["NotSeenFromOutside"],
        );
        assert.deepEqual(
          report.relyingParties.flatMap(({ problems }) => problems),
          [],
        );
      } finally {
        await world.close();
      }
    });
  }
});
