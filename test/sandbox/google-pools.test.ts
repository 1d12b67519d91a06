import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  audience,
  cart,
  cloud,
  federated,
  type GoogleAnswer,
  type GoogleWorld,
  googleWorld,
  impersonation,
  poolName,
  providerName,
  refused,
  shop,
} from "../support/google-world.ts";

const pools = "/v1/projects/podtrust-sandbox/locations/global/workloadIdentityPools";
const providers = `/v1/${poolName}/providers`;
const issuerUri = "https://oidc.podtrust.test";
const day = 86_400_000;
const provider = { attributeMapping: { "google.subject": "assertion.sub" }, oidc: { issuerUri } };

const create = ({ ask }: GoogleWorld, id = "prod", body: object = {}): Promise<GoogleAnswer> =>
  ask("POST", `${pools}?workloadIdentityPoolId=${id}`, { body });
const createProvider = ({ ask }: GoogleWorld, body: object, id = "cluster"): Promise<GoogleAnswer> =>
  ask("POST", `${providers}?workloadIdentityPoolProviderId=${id}`, { body });

describe("pools of the sandbox's Google", () => {
  test("are made by an operation that is done and has no response, and shown by the project's number", async (t) => {
    const world = await googleWorld(t);
    const { status, body } = await create(world, "prod", { displayName: "Prod", description: "ours" });
    assert.deepEqual([status, Object.keys(body), body["done"]], [200, ["name", "done"], true]);
    assert.deepEqual((await world.ask("GET", `/v1/${body.name ?? ""}`)).body, body);
    assert.deepEqual((await world.ask("GET", `${pools}/prod`)).body, {
      name: poolName,
      displayName: "Prod",
      description: "ours",
      state: "ACTIVE",
    });
  });

  test("take as long to be made as the options say", async (t) => {
    const world = await googleWorld(t, { unknowns: { operation: 2000 } });
    const { body } = await create(world);
    assert.equal(body["done"], undefined);
    world.sandbox.clock.advance(2000);
    assert.equal((await world.ask("GET", `/v1/${body.name ?? ""}`)).body["done"], true);
  });

  test("keep their id for 30 days after they were deleted, in which they can be undeleted", async (t) => {
    const world = await googleWorld(t);
    await create(world);
    refused(
      await world.ask("POST", `${pools}/prod:undelete`, { body: {} }),
      "FAILED_PRECONDITION",
      /is not deleted/u,
    );
    await world.ask("DELETE", `${pools}/prod`);
    const { body } = await world.ask("GET", `${pools}/prod`);
    assert.deepEqual([body["state"], body.expireTime], ["DELETED", "2026-12-29T00:00:00Z"]);
    refused(await create(world), "ALREADY_EXISTS", "Requested entity already exists");
    refused(
      await world.ask("PATCH", `${pools}/prod?updateMask=disabled`, { body: {} }),
      "FAILED_PRECONDITION",
      /is deleted/u,
    );
    refused(await createProvider(world, provider), "FAILED_PRECONDITION", /is deleted/u);
    assert.equal((await world.ask("POST", `${pools}/prod:undelete`, { body: {} })).status, 200);
    await world.ask("DELETE", `${pools}/prod`);
    world.sandbox.clock.advance(30 * day);
    refused(await world.ask("GET", `${pools}/prod`), "NOT_FOUND", "Requested entity was not found.");
    assert.equal((await create(world)).status, 200);
  });

  test("are listed page by page, deleted ones for who asks for them", async (t) => {
    const world = await googleWorld(t);
    for (const id of ["aaaa", "bbbb", "cccc"]) await create(world, id);
    await world.ask("DELETE", `${pools}/bbbb`);
    const ids = async (query: string) => {
      const { body } = await world.ask("GET", `${pools}?${query}`);
      const found = (body["workloadIdentityPools"] ?? []) as readonly { readonly name: string }[];
      return [found.map(({ name }) => name.slice(-4)), body["nextPageToken"]] as const;
    };
    assert.deepEqual(await ids(""), [["aaaa", "cccc"], undefined]);
    const [first, next] = await ids("showDeleted=true&pageSize=2");
    assert.deepEqual(first, ["aaaa", "bbbb"]);
    assert.deepEqual(await ids(`showDeleted=true&pageSize=2&pageToken=${String(next)}`), [
      ["cccc"],
      undefined,
    ]);
    refused(await world.ask("GET", `${pools}?pageToken=x`), "INVALID_ARGUMENT", "Invalid page token.");
    refused(await world.ask("GET", `${pools}?pageSize=-1`), "INVALID_ARGUMENT", "Invalid page size.");
  });

  test("take of a patch what its mask names, and refuse one without a mask or with a foreign name", async (t) => {
    const world = await googleWorld(t);
    await create(world, "prod", { displayName: "Prod" });
    const patch = (query: string) =>
      world.ask("PATCH", `${pools}/prod${query}`, { body: { description: "new", disabled: true } });
    assert.equal((await patch("?updateMask=disabled,displayName")).status, 200);
    const { body } = await world.ask("GET", `${pools}/prod`);
    assert.deepEqual(body, { name: poolName, state: "ACTIVE", disabled: true });
    refused(await patch(""), "INVALID_ARGUMENT", "The update_mask is required.");
    refused(await patch("?updateMask=mode"), "INVALID_ARGUMENT", "Invalid update mask: mode.");
  });

  test("have an id of 4 to 32 characters that is not Google's, and texts of bounded length", async (t) => {
    const world = await googleWorld(t);
    for (const id of ["abc", "x".repeat(33), "Prod", "gcp-prod", ""])
      refused(await create(world, id), "INVALID_ARGUMENT", /^Invalid workload_identity_pool_id/u);
    for (const body of [
      { displayName: "x".repeat(33) },
      { description: "x".repeat(257) },
      { disabled: "yes" },
      { mode: "TRUST_DOMAIN" },
    ])
      assert.equal((await create(world, "prod", body)).status, 400, JSON.stringify(body));
    refused(
      await world.ask("POST", `${pools}?workloadIdentityPoolId=prod`, { body: "[" }),
      "INVALID_ARGUMENT",
      /^Invalid JSON payload/u,
    );
  });
});

describe("providers of the sandbox's Google", () => {
  const ec = { kty: "EC", crv: "P-256", x: "A", y: "A", kid: "a" };
  const jwks = (...keys: readonly object[]): string => JSON.stringify({ keys });
  const oidc = (more: object) => ({ ...provider, oidc: { issuerUri, ...more } });
  const long = (length: number): string => `'${"x".repeat(length)}' == 'x'`;
  const wrong: readonly (readonly [what: string, body: object, text: RegExp | string])[] = [
    [
      "an issuer over http",
      oidc({ issuerUri: "http://x.test" }),
      "Invalid OIDC issuer URI. The scheme must be https.",
    ],
    ["an issuer that is no URI", oidc({ issuerUri: "x" }), "Invalid OIDC issuer URI."],
    ["no issuer", { ...provider, oidc: {} }, "Invalid OIDC issuer URI."],
    ["another kind", { ...provider, aws: { accountId: "1" } }, /none of aws/u],
    ["no mapped subject", { oidc: { issuerUri } }, /must have google\.subject/u],
    [
      "a foreign key of the mapping",
      { ...provider, attributeMapping: { ...provider.attributeMapping, "attribute.A": "assertion.a" } },
      /^Invalid attribute mapping key: attribute\.A/u,
    ],
    [
      "51 custom attributes",
      {
        ...provider,
        attributeMapping: {
          ...provider.attributeMapping,
          ...Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`attribute.a${at}`, "assertion.sub"])),
        },
      },
      /limit of 50/u,
    ],
    [
      "an expression of 2,049 characters",
      { ...provider, attributeMapping: { "google.subject": long(2049) } },
      /limit of 2048/u,
    ],
    [
      "an expression that is no CEL",
      { ...provider, attributeMapping: { "google.subject": "assertion." } },
      /^Error in attribute mapping google\.subject/u,
    ],
    ["a condition of 4,097 characters", { ...provider, attributeCondition: long(4097) }, /limit of 4096/u],
    [
      "a shared issuer without a condition",
      oidc({ issuerUri: "https://gitlab.com" }),
      /^The attribute condition must reference one of the provider's claims\./u,
    ],
    [
      "eleven audiences",
      oidc({ allowedAudiences: Array.from({ length: 11 }, (_, at) => `a${at}`) }),
      /limit of 10/u,
    ],
    ["an audience of 257 characters", oidc({ allowedAudiences: ["x".repeat(257)] }), /limit of 256/u],
    [
      "a discovery URI on another host",
      oidc({ discoveryUri: "https://y.test/.well-known/x" }),
      "Invalid OIDC discovery URI.",
    ],
    ["keys that are no JSON", oidc({ jwksJson: "x" }), "Input JWK is not in a valid json format"],
    [
      "a key with a certificate",
      oidc({ jwksJson: jwks({ ...ec, x5c: [] }) }),
      "Input JWK is not in a valid json format",
    ],
    [
      "a key of P-384",
      oidc({ jwksJson: jwks({ ...ec, crv: "P-384" }) }),
      /Only RSA, EC key types are supported\.$/u,
    ],
    [
      "a key of Ed25519",
      oidc({ jwksJson: jwks({ kty: "OKP", crv: "Ed25519", x: "A" }) }),
      "Input jwks contains corrupted key material.",
    ],
    [
      "key members that make no key",
      oidc({ jwksJson: jwks(ec) }),
      "Input jwks contains corrupted key material.",
    ],
    ["nine keys", oidc({ jwksJson: jwks(...Array.from({ length: 9 }, () => ec)) }), /limit of 8/u],
  ];

  test("are refused with what they may not have", async (t) => {
    const world = await googleWorld(t);
    await create(world);
    for (const [what, body, text] of wrong) {
      const answer = await createProvider(world, body);
      assert.equal(answer.status, 400, what);
      refused(answer, "INVALID_ARGUMENT", text);
    }
    assert.deepEqual((await world.ask("GET", providers)).body, {});
  });

  test("are shown as they were made, patched field by field and judged whole", async (t) => {
    const world = await googleWorld(t);
    await create(world);
    const jwksJson = await world.jwks();
    const made = {
      ...provider,
      oidc: { issuerUri, jwksJson, allowedAudiences: ["x"] },
      attributeCondition: "true",
    };
    assert.equal((await createProvider(world, made)).status, 200);
    const shown = { name: providerName, state: "ACTIVE", ...made };
    assert.deepEqual((await world.ask("GET", `/v1/${providerName}`)).body, shown);
    const patch = (mask: string, body: object) =>
      world.ask("PATCH", `/v1/${providerName}?updateMask=${mask}`, { body });
    assert.equal((await patch("oidc.jwksJson,attributeCondition", { oidc: { jwksJson: "" } })).status, 200);
    const { attributeCondition: _, ...rest } = shown;
    const after = { ...rest, oidc: { issuerUri, allowedAudiences: ["x"] } };
    assert.deepEqual((await world.ask("GET", `/v1/${providerName}`)).body, after);
    refused(await patch("oidc.issuerUri", { oidc: {} }), "INVALID_ARGUMENT", "Invalid OIDC issuer URI.");
    refused(await patch("aws", {}), "INVALID_ARGUMENT", "Invalid update mask: aws.");
    assert.equal((await patch("oidc", { oidc: { issuerUri: `${issuerUri}/b` } })).status, 200);
    const { body } = await world.ask("GET", providers);
    assert.deepEqual(body, {
      workloadIdentityPoolProviders: [{ ...rest, oidc: { issuerUri: `${issuerUri}/b` } }],
    });
  });

  test("that are disabled or deleted exchange nothing, while tokens from before go on; a pool cuts them", async (t) => {
    const world = await googleWorld(t, { delays: { grant: 0 } });
    world.google.seed(shop);
    const token = await federated(world);
    const impersonate = () => world.ask("POST", impersonation, { token, body: cloud });
    const exchange = async () => {
      const { status, body } = await world.exchange(world.issuer.token({ ...cart, audiences: [audience] }));
      return status === 200 ? "granted" : body.error;
    };
    const ways: readonly (readonly [
      what: string,
      off: () => Promise<GoogleAnswer>,
      on: () => Promise<GoogleAnswer>,
      before: number,
    ])[] = [
      [
        "disabled provider",
        () => disable(`/v1/${providerName}`, true),
        () => disable(`/v1/${providerName}`, false),
        200,
      ],
      [
        "deleted provider",
        () => world.ask("DELETE", `/v1/${providerName}`),
        () => world.ask("POST", `/v1/${providerName}:undelete`),
        200,
      ],
      ["disabled pool", () => disable(`/v1/${poolName}`, true), () => disable(`/v1/${poolName}`, false), 401],
      [
        "deleted pool",
        () => world.ask("DELETE", `/v1/${poolName}`),
        () => world.ask("POST", `/v1/${poolName}:undelete`),
        401,
      ],
    ];
    const disable = (path: string, disabled: boolean) =>
      world.ask("PATCH", `${path}?updateMask=disabled`, { body: { disabled } });
    for (const [what, off, on, before] of ways) {
      assert.equal((await off()).status, 200, what);
      assert.deepEqual([await exchange(), (await impersonate()).status], ["invalid_target", before], what);
      assert.equal((await on()).status, 200, what);
      assert.deepEqual([await exchange(), (await impersonate()).status], ["granted", 200], what);
    }
  });

  test("of a deleted pool are deleted with it, and not undeleted without it", async (t) => {
    const world = await googleWorld(t);
    world.google.seed(shop);
    await world.ask("DELETE", `/v1/${poolName}`);
    assert.equal((await world.ask("GET", `/v1/${providerName}`)).body["state"], "DELETED");
    refused(await world.ask("POST", `/v1/${providerName}:undelete`), "FAILED_PRECONDITION", /is deleted/u);
    refused(await createProvider(world, provider), "FAILED_PRECONDITION", /is deleted/u);
  });
});
