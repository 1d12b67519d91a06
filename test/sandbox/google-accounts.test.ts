import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import {
  audience,
  cart,
  cartEmail,
  cartMember,
  cloud,
  faultOf,
  federated,
  type GoogleWorld,
  googleWorld,
  impersonation,
  refused,
  shop,
  workloadUser,
} from "../support/google-world.ts";

const pools = "/v1/projects/podtrust-sandbox/locations/global/workloadIdentityPools";
const accounts = "/v1/projects/podtrust-sandbox/serviceAccounts";
const cartAccount = `${accounts}/${cartEmail}`;

describe("the administrator of the sandbox's Google", () => {
  const refresh = (world: GoogleWorld, form: Readonly<Record<string, string>>) =>
    world.ask("POST", "/token", {
      body: new URLSearchParams(form).toString(),
      token: "",
      type: "application/x-www-form-urlencoded",
    });

  test("has a login as gcloud leaves it in a file, which gives his token and nobody else's", async (t) => {
    const world = await googleWorld(t);
    const file = world.google.adminFile as Readonly<Record<string, string>>;
    assert.deepEqual([file["type"], file["token_uri"]], ["authorized_user", `${world.google.url}/token`]);
    const secret = file["refresh_token"] ?? "";
    const { status, body } = await refresh(world, { grant_type: "refresh_token", refresh_token: secret });
    assert.deepEqual([status, body.access_token, body.expires_in], [200, world.google.adminToken, 3599]);
    const wrong = await refresh(world, { grant_type: "refresh_token", refresh_token: `${secret}x` });
    assert.deepEqual([wrong.status, wrong.body.error], [400, "invalid_grant"]);
    const other = await refresh(world, { grant_type: "password", refresh_token: secret });
    assert.deepEqual([other.status, other.body.error], [400, "unsupported_grant_type"]);
    const rules = world.google.decisions().map(({ rule, decision }) => `${rule} ${decision}`);
    assert.deepEqual(rules, ["admin-login allow", "admin-login invalid", "admin-login invalid"]);
  });
});

describe("service accounts of the sandbox's Google", () => {
  test("are made, shown, listed, disabled and deleted", async (t) => {
    const world = await googleWorld(t);
    const made = await world.ask("POST", accounts, {
      body: { accountId: "cart-prod", serviceAccount: { displayName: "Cart" } },
    });
    assert.deepEqual([made.status, made.body["email"], made.body["displayName"]], [200, cartEmail, "Cart"]);
    const { uniqueId } = made.body as { readonly uniqueId?: string };
    assert.match(uniqueId ?? "", /^\d{21}$/u);
    assert.deepEqual(
      (await world.ask("GET", `/v1/projects/-/serviceAccounts/${uniqueId ?? ""}`)).body,
      made.body,
    );
    assert.deepEqual((await world.ask("GET", accounts)).body, { accounts: [made.body] });
    refused(
      await world.ask("POST", accounts, { body: { accountId: "cart-prod" } }),
      "ALREADY_EXISTS",
      "Service account cart-prod already exists within project projects/podtrust-sandbox.",
    );
    refused(
      await world.ask("POST", accounts, { body: { accountId: "short" } }),
      "INVALID_ARGUMENT",
      /id\.$/u,
    );
    await world.ask("POST", `${cartAccount}:disable`);
    assert.equal((await world.ask("GET", cartAccount)).body["disabled"], true);
    await world.ask("POST", `${cartAccount}:enable`);
    assert.equal((await world.ask("DELETE", cartAccount)).status, 200);
    refused(await world.ask("GET", cartAccount), "NOT_FOUND", "Requested entity was not found.");
  });

  test("take a policy by its etag, and refuse one that somebody else has written over", async (t) => {
    const world = await googleWorld(t);
    world.google.seed({ ...shop, serviceAccounts: [{ id: "cart-prod" }] });
    const bindings = [{ role: workloadUser, members: [cartMember] }];
    const write = (policy: object) => world.ask("POST", `${cartAccount}:setIamPolicy`, { body: { policy } });
    const read = () => world.ask("POST", `${cartAccount}:getIamPolicy`);
    const { body: empty } = await read();
    assert.deepEqual(empty, { version: 1, etag: "ACAB" });
    const { body: first } = await write({ bindings, etag: empty.etag });
    assert.deepEqual(first, { version: 1, etag: first.etag, bindings });
    refused(
      await write({ bindings: [], etag: empty.etag }),
      "ABORTED",
      /^There were concurrent policy changes\./u,
    );
    assert.deepEqual((await read()).body, first);
    assert.equal(
      (await write({ bindings: [] })).status,
      200,
      "without an etag whatever is there is replaced",
    );
  });

  test("take no member of a pool that is not there, none of another form, and no condition below version 3", async (t) => {
    const world = await googleWorld(t);
    world.google.seed({ ...shop, serviceAccounts: [{ id: "cart-prod" }] });
    const write = (binding: object, version?: number) =>
      world.ask("POST", `${cartAccount}:setIamPolicy`, {
        body: { policy: { bindings: [{ role: workloadUser, members: [], ...binding }], version } },
      });
    for (const member of [
      cartMember.replace("/prod/", "/none/"),
      cartMember.replace("123456789012", "podtrust-sandbox"),
    ])
      refused(
        await write({ members: [member] }),
        "INVALID_ARGUMENT",
        /^Identity Pool does not exist \(projects\//u,
      );
    for (const binding of [
      { members: ["cart"] },
      { members: ["serviceAccount:none@podtrust-sandbox.iam.gserviceaccount.com"] },
      { members: "cart" },
      { role: "viewer" },
      { members: [cartMember], condition: { expression: "true" } },
      { members: Array.from({ length: 1501 }, (_, at) => `user:a${at}@x.test`) },
    ])
      assert.equal((await write(binding)).status, 400, JSON.stringify(binding).slice(0, 200));
    const conditional = { members: [cartMember], condition: { expression: "true" } };
    assert.equal((await write(conditional, 3)).status, 200);
    const read = async (version: number) => {
      const body = { options: { requestedPolicyVersion: version } };
      const answer = (await world.ask("POST", `${cartAccount}:getIamPolicy`, { body })).body;
      const [binding] = answer["bindings"] as readonly {
        readonly role: string;
        readonly condition?: object;
      }[];
      return [binding?.role.startsWith(`${workloadUser}_withcond_`), binding?.condition];
    };
    assert.deepEqual(await read(1), [true, undefined]);
    assert.deepEqual(await read(3), [false, { expression: "true" }]);
  });

  test("let a new member in after 70 seconds, and one that was taken out for 90 more", async (t) => {
    const world = await googleWorld(t);
    world.google.seed({ ...shop, serviceAccounts: [{ id: "cart-prod" }] });
    const token = await federated(world);
    const status = async () => (await world.ask("POST", impersonation, { token, body: cloud })).status;
    const write = (bindings: readonly object[]) =>
      world.ask("POST", `${cartAccount}:setIamPolicy`, { body: { policy: { bindings } } });
    await write([{ role: workloadUser, members: [cartMember] }]);
    world.sandbox.clock.advance(69_999);
    assert.equal(await status(), 403);
    world.sandbox.clock.advance(1);
    assert.equal(await status(), 200);
    await write([]);
    world.sandbox.clock.advance(89_999);
    assert.equal(await status(), 200);
    world.sandbox.clock.advance(1);
    const answer = await world.ask("POST", impersonation, { token, body: cloud });
    refused(
      answer,
      "PERMISSION_DENIED",
      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
    );
    assert.equal(faultOf(answer).details?.[0]?.reason, "IAM_PERMISSION_DENIED");
    await write([{ role: workloadUser, members: [cartMember] }]);
    await world.sandbox.spread();
    assert.equal(await status(), 200);
  });

  test("give tokens of bounded lifetime and known scopes, and through delegates that let one another in", async (t) => {
    const world = await googleWorld(t);
    const middle = "middle-prod@podtrust-sandbox.iam.gserviceaccount.com";
    world.google.seed({
      ...shop,
      serviceAccounts: [
        { id: "middle-prod", bindings: { [workloadUser]: [cartMember] } },
        {
          id: "cart-prod",
          bindings: { "roles/iam.serviceAccountTokenCreator": [`serviceAccount:${middle}`] },
        },
      ],
    });
    const token = await federated(world);
    const ask = (body: object) => world.ask("POST", impersonation, { token, body: { ...cloud, ...body } });
    refused(await ask({}), "PERMISSION_DENIED", /denied on resource/u);
    const delegates = [`projects/-/serviceAccounts/${middle}`];
    const { status, body } = await ask({ delegates, lifetime: "59s" });
    assert.deepEqual([status, body.expireTime], [200, "2026-11-29T00:00:59Z"]);
    refused(
      await ask({ delegates, lifetime: "0s" }),
      "INVALID_ARGUMENT",
      "Lifetime of access token must be larger then zero.",
    );
    refused(
      await ask({ delegates, lifetime: "3601s" }),
      "INVALID_ARGUMENT",
      /lifetimes of more than 1 hour\./u,
    );
    for (const wrong of [{ lifetime: "1h" }, { scope: [] }, { scope: ["nonsense"] }])
      assert.equal((await ask({ delegates, ...wrong })).status, 400, JSON.stringify(wrong));
    assert.equal((await ask({ delegates, scope: [""] })).status, 200);
    refused(
      await world.ask("POST", impersonation.replace("/-/", "/podtrust-sandbox/"), { token, body: cloud }),
      "INVALID_ARGUMENT",
      /wildcard/u,
    );
    assert.equal((await world.ask("POST", impersonation, { body: cloud })).status, 200, "the administrator");
    await world.ask("POST", `${cartAccount}:disable`);
    assert.equal((await ask({ delegates })).status, 403);
  });
});

describe("whoever calls the sandbox's Google", () => {
  test("shows a bearer token that is known, has not expired, and is of an account that is not disabled", async (t) => {
    const world = await googleWorld(t);
    world.google.seed(shop);
    const begin = { "": /^Request is missing required/u, x: /^Request had invalid authentication/u };
    for (const [token, text] of Object.entries(begin))
      refused(await world.ask("GET", pools, { token }), "UNAUTHENTICATED", text);
    const token = await federated(world);
    const account = (await world.ask("POST", impersonation, { token, body: cloud })).body.accessToken ?? "";
    const secret = "/v1/projects/123456789012/secrets/color/versions/1:access";
    const read = async () => (await world.ask("GET", secret, { token: account })).status;
    assert.equal(await read(), 200);
    await world.ask("POST", `${cartAccount}:disable`);
    assert.equal(await read(), 401);
    await world.ask("POST", `${cartAccount}:enable`);
    world.sandbox.clock.advance(3_600_000);
    assert.equal(await read(), 401);
  });

  test("needs a role for what it does, by the project's policy or the resource's own", async (t) => {
    const world = await googleWorld(t, { delays: { grant: 0 } });
    world.google.seed(shop);
    const token = await federated(world);
    const list = () => world.ask("GET", pools, { token });
    refused(
      await list(),
      "PERMISSION_DENIED",
      "Permission 'iam.googleapis.com/workloadIdentityPools.list' denied on resource '//iam.googleapis.com/projects/podtrust-sandbox/locations/global' (or it may not exist).",
    );
    const policy = { bindings: [{ role: "roles/iam.workloadIdentityPoolViewer", members: [cartMember] }] };
    const project = "/v1/projects/podtrust-sandbox";
    assert.equal((await world.ask("POST", `${project}:setIamPolicy`, { body: { policy } })).status, 200);
    assert.equal((await list()).status, 200);
    refused(
      await world.ask("POST", `${pools}?workloadIdentityPoolId=more`, { token, body: {} }),
      "PERMISSION_DENIED",
      /workloadIdentityPools\.create' denied/u,
    );
    const permissions = ["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.delete"];
    const held = await world.ask("POST", `${cartAccount}:testIamPermissions`, {
      token,
      body: { permissions },
    });
    assert.deepEqual(held.body, { permissions: ["iam.serviceAccounts.getAccessToken"] });
    refused(await world.ask("GET", project, { token }), "PERMISSION_DENIED", /projects\.get' denied/u);
    assert.equal((await world.ask("GET", project)).body["projectNumber"], "123456789012");
    refused(await world.ask("GET", "/v1/projects/other", {}), "PERMISSION_DENIED", /projects\/other/u);
    refused(await world.ask("GET", "/v1/other", {}), "NOT_FOUND", "Method not found.");
  });

  test("needs a scope that the API takes", async (t) => {
    const world = await googleWorld(t);
    world.google.seed(shop);
    const iam = "https://www.googleapis.com/auth/iam";
    const subjectToken = world.issuer.token({ ...cart, audiences: [audience] });
    const token = (await world.exchange(subjectToken, { scope: iam })).body.access_token ?? "";
    assert.equal((await world.ask("POST", impersonation, { token, body: cloud })).status, 200);
    refused(
      await world.ask("GET", "/v1/projects/podtrust-sandbox/secrets/color/versions/1:access", { token }),
      "PERMISSION_DENIED",
      "Request had insufficient authentication scopes.",
    );
  });

  test("reads a secret that is there, of a version that is there, by its grant", async (t) => {
    const world = await googleWorld(t);
    world.google.seed(shop);
    const secret = (path: string, token?: string) =>
      world.ask("GET", `/v1/projects/podtrust-sandbox/secrets/${path}:access`, defined({ token }));
    refused(
      await secret("none/versions/1"),
      "NOT_FOUND",
      /^Secret \[projects\/123456789012\/secrets\/none\] not found/u,
    );
    assert.equal((await secret("color/versions/2")).status, 404);
    refused(
      await secret("color/versions/latest", await federated(world)),
      "PERMISSION_DENIED",
      /^Permission 'secretmanager\.versions\.access' denied for resource 'projects\/123456789012\/secrets\/color/u,
    );
  });

  test("meets an empty project after a reset, with the administrator's token of before", async (t) => {
    const world = await googleWorld(t);
    world.google.seed(shop);
    const token = await federated(world);
    await world.sandbox.reset();
    assert.deepEqual(world.google.decisions(), []);
    assert.deepEqual((await world.ask("GET", pools)).body, {});
    assert.equal((await world.ask("GET", pools, { token })).status, 401);
    assert.throws(() => world.google.seed({ pools: [{ id: "x" }] }), { code: "sandbox-seed" });
  });
});
