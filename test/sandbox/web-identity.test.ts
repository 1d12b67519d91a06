import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import {
  account,
  allow,
  awsError,
  ecKey,
  keysOf,
  policy,
  subject,
  testSandbox,
  webIdentityTrust,
} from "../support/sandbox.ts";

const generic =
  "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
const noKey =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

describe("AssumeRoleWithWebIdentity in the sandbox", () => {
  test("a token of a registered issuer becomes credentials that act as the role", async (t) => {
    const { role, token, assume, sts, providerArn, clock } = await testSandbox(t);
    const output = await assume({ role: await role("demo"), token: await token() });
    const { $metadata: _, Credentials: keys, ...rest } = output;
    const id = rest.AssumedRoleUser?.AssumedRoleId ?? "";
    assert.match(id, /^AROA[A-Z2-7]{17}:job$/u);
    assert.match(keys?.AccessKeyId ?? "", /^ASIA[A-Z2-7]{16}$/u);
    assert.equal(keys?.Expiration?.getTime(), (Math.floor(clock.now() / 1000) + 3600) * 1000);
    assert.ok((rest.PackedPolicySize ?? 0) >= 24 && (rest.PackedPolicySize ?? 0) <= 27);
    delete rest.PackedPolicySize;
    assert.deepEqual(rest, {
      SubjectFromWebIdentityToken: subject,
      Audience: "sts.amazonaws.com",
      Provider: providerArn,
      AssumedRoleUser: { AssumedRoleId: id, Arn: `arn:aws:sts::${account}:assumed-role/demo/job` },
    });
    const who = await sts(keysOf(output)).send(new GetCallerIdentityCommand({}));
    assert.deepEqual(
      [who.Arn, who.UserId, who.Account],
      [`arn:aws:sts::${account}:assumed-role/demo/job`, id, account],
    );
  });

  for (const method of ["GET", "POST"]) {
    test(`AssumeRoleWithWebIdentity takes ${method} without a signature, and answers in AWS's XML`, async (t) => {
      const { role, token, sandbox, providerArn } = await testSandbox(t);
      const query = new URLSearchParams({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: await role("demo"),
        RoleSessionName: "job",
        WebIdentityToken: await token(),
      });
      const answer =
        method === "GET"
          ? await fetch(`${sandbox.url}/?${query.toString()}`)
          : await fetch(`${sandbox.url}/`, { method, body: query });
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      assert.equal(answer.headers.get("content-type"), "text/xml");
      assert.match(
        text,
        /^<AssumeRoleWithWebIdentityResponse xmlns="https:\/\/sts.amazonaws.com\/doc\/2011-06-15\/">/u,
      );
      assert.ok(text.includes(`<Provider>${providerArn}</Provider>`));
      query.set("WebIdentityToken", "not-a-token");
      const refused = await fetch(`${sandbox.url}/`, { method: "POST", body: query });
      assert.equal(refused.status, 400);
      assert.match(
        await refused.text(),
        /^<ErrorResponse xmlns="https:\/\/sts.amazonaws.com\/doc\/2011-06-15\/">\s*<Error>\s*<Type>Sender<\/Type>\s*<Code>InvalidIdentityToken<\/Code>\s*<Message>The ID Token provided is not a valid JWT. \(You may see this error if you sent an Access Token\)<\/Message>/u,
      );
    });
  }

  test("both generations of AWS's texts are spoken", async (t) => {
    for (const [messageProfile, audienceText, providerText] of [
      ["2026", generic, generic],
      [
        "legacy",
        "Incorrect token audience",
        "No OpenIDConnect provider found in your account for https://other.example.test",
      ],
    ] as const) {
      const { role, token, assume } = await testSandbox(t, { messageProfile });
      const arn = await role("demo");
      const wrongAudience = await token({ aud: ["kubernetes"] });
      const wrongIssuer = await token({ iss: "https://other.example.test" });
      await assert.rejects(
        assume({ role: arn, token: wrongAudience }),
        awsError("InvalidIdentityToken", audienceText),
      );
      await assert.rejects(
        assume({ role: arn, token: wrongIssuer }),
        awsError("InvalidIdentityToken", providerText),
      );
    }
  });

  test("another subject, and a role that is not there, are refused alike", async (t) => {
    const { role, token, assume, sandbox } = await testSandbox(t);
    const arn = await role("demo");
    const denied = awsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
    await assert.rejects(assume({ role: arn, token: await token({ sub: `${subject}2` }) }), denied);
    await assert.rejects(assume({ role: `${arn}2`, token: await token() }), denied);
    await assert.rejects(assume({ role: arn.replace("demo", "Demo"), token: await token() }), denied);
    const last = sandbox.decisions().at(-3);
    assert.equal(last?.decision, "deny");
    assert.equal(last?.code, "AccessDenied");
    assert.ok(last?.who.startsWith(`${subject}2`));
    assert.ok((last?.why ?? "").length > 20 && (last?.next ?? "").length > 10);
  });

  test("a new role is refused until it has propagated, and so is a changed trust policy", async (t) => {
    const { role, token, assume, clock } = await testSandbox(t, { propagationMs: 8000 });
    const arn = await role("demo");
    const denied = awsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
    await assert.rejects(assume({ role: arn, token: await token() }), denied);
    clock.jump(7999);
    await assert.rejects(assume({ role: arn, token: await token() }), denied);
    clock.jump(1);
    await assume({ role: arn, token: await token() });
  });

  test("a rotated key is found at once; a withdrawn one is honoured as long as the issuer said", async (t) => {
    const { role, token, assume, issuer, clock, key } = await testSandbox(t);
    const arn = await role("demo");
    await assume({ role: arn, token: await token() });
    const second = ecKey("second");
    clock.jump(10_000);
    issuer.publish([key.jwk, second.jwk], { "cache-control": "max-age=60" });
    await assume({ role: arn, token: await token({}, {}, second) });
    await assume({ role: arn, token: await token() });
    issuer.publish([second.jwk], { "cache-control": "max-age=60" });
    clock.jump(30_000);
    await assume({ role: arn, token: await token() });
    clock.jump(30_001);
    await assert.rejects(
      assume({ role: arn, token: await token() }),
      awsError("InvalidIdentityToken", noKey),
    );
    await assume({ role: arn, token: await token({}, {}, second) });
  });

  test("with no-cache, a withdrawn key is refused at once", async (t) => {
    const { role, token, assume, issuer, key } = await testSandbox(t);
    const arn = await role("demo");
    issuer.publish([key.jwk], { "cache-control": "no-cache" });
    await assume({ role: arn, token: await token() });
    issuer.publish([ecKey("other").jwk], { "cache-control": "no-cache" });
    await assert.rejects(
      assume({ role: arn, token: await token() }),
      awsError("InvalidIdentityToken", noKey),
    );
  });

  test("a token signed by another key under a known kid is refused", async (t) => {
    const { role, token, assume } = await testSandbox(t);
    const arn = await role("demo");
    const forged = await token({}, {}, ecKey("first"));
    await assert.rejects(assume({ role: arn, token: forged }), awsError("InvalidIdentityToken", generic));
  });

  const hostile: readonly { what: string; pages: Readonly<Record<string, object>> }[] = [
    { what: "answers HTML", pages: { "/.well-known/openid-configuration": { body: "<!doctype html>" } } },
    { what: "answers 500", pages: { "/openid/v1/jwks": { status: 500 } } },
    {
      what: "redirects",
      pages: { "/openid/v1/jwks": { status: 302, headers: { location: "http://127.0.0.1/" } } },
    },
    { what: "sends no end of keys", pages: { "/openid/v1/jwks": { body: " ".repeat(1_000_000) } } },
    { what: "has an empty JWK Set", pages: { "/openid/v1/jwks": { body: '{"keys":[]}' } } },
    {
      what: "names another issuer",
      pages: {
        "/.well-known/openid-configuration": {
          body: '{"issuer":"https://x.example","jwks_uri":"https://oidc.example.test/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256"]}',
        },
      },
    },
  ];
  for (const { what, pages } of hostile) {
    test(`an issuer that ${what} verifies nothing`, async (t) => {
      const { role, token, assume, issuer } = await testSandbox(t);
      for (const [path, page] of Object.entries(pages)) issuer.pages.set(path, page);
      const call = assume({ role: await role("demo"), token: await token() });
      await assert.rejects(call, awsError("InvalidIdentityToken", noKey));
    });
  }

  test("a certificate that no root vouches for needs the registered thumbprint", async (t) => {
    const text = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint";
    const { testAuthority } = await import("../support/certificates.ts");
    const strangers = await testAuthority("Strangers");
    const { role, token, assume } = await testSandbox(t, { ca: strangers.root });
    const call = assume({ role: await role("demo"), token: await token() });
    await assert.rejects(call, awsError("InvalidIdentityToken", text));
  });

  test("a certificate of another name verifies nothing", async (t) => {
    const { role, token, assume } = await testSandbox(t, {
      issuer: { certificateNames: ["other.example.test"] },
    });
    const call = assume({ role: await role("demo"), token: await token() });
    await assert.rejects(call, (error: Error) =>
      /^(?:InvalidIdentityToken|IDPCommunicationError)/u.test(error.name),
    );
  });

  test("session tags and a source identity come from the token, when the trust policy allows them", async (t) => {
    const { role, token, assume, providerArn, ssm } = await testSandbox(t);
    const claims = {
      "https://aws.amazon.com/tags": { principal_tags: { team: ["blue"] }, transitive_tag_keys: ["team"] },
      "https://aws.amazon.com/source_identity": "demo-source",
    };
    const closed = await role("closed");
    const denied = awsError("AccessDenied", /^Not authorized to perform sts:/u, 403);
    await assert.rejects(assume({ role: closed, token: await token(claims) }), denied);
    const read = {
      ...allow("ssm:GetParameter"),
      Condition: { StringEquals: { "aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "demo-source" } },
    };
    const open = await role("open", {
      trust: webIdentityTrust(providerArn, ["sts:TagSession", "sts:SetSourceIdentity"]),
      policy: policy(read),
    });
    await ssm().send(new PutParameterCommand({ Name: "/a", Value: "v", Type: "String" }));
    const output = await assume({ role: open, token: await token(claims) });
    assert.equal(output.SourceIdentity, "demo-source");
    const got = await ssm(keysOf(output)).send(new GetParameterCommand({ Name: "/a" }));
    assert.equal(got.Parameter?.Value, "v");
    const untagged = keysOf(await assume({ role: open, token: await token() }));
    await assert.rejects(
      ssm(untagged).send(new GetParameterCommand({ Name: "/a" })),
      awsError(
        "AccessDeniedException",
        /because no identity-based policy allows the ssm:GetParameter action$/u,
      ),
    );
  });

  test("the roles claim names the roles that a token is good for", async (t) => {
    const { role, token, assume } = await testSandbox(t);
    const arn = await role("demo");
    const roles = "https://aws.amazon.com/roles";
    await assume({ role: arn, token: await token({ [roles]: [`${arn}2`, arn] }) });
    await assert.rejects(
      assume({ role: arn, token: await token({ [roles]: [`${arn}2`] }) }),
      awsError(
        "InvalidIdentityToken",
        "The target role ARN is not present in the roles claim of the identity token",
      ),
    );
  });

  test("session policies limit what the role may do", async (t) => {
    const { role, token, assume, ssm } = await testSandbox(t);
    const arn = await role("demo", { policy: policy(allow("ssm:*")) });
    for (const name of ["/a", "/b"]) {
      await ssm().send(new PutParameterCommand({ Name: name, Value: "v", Type: "String" }));
    }
    const onlyA = JSON.stringify(policy(allow("ssm:GetParameter", "arn:aws:ssm:*:*:parameter/a")));
    const limited = await assume({ role: arn, token: await token(), Policy: onlyA });
    assert.ok((limited.PackedPolicySize ?? 0) > 24);
    const client = ssm(keysOf(limited));
    await client.send(new GetParameterCommand({ Name: "/a" }));
    await assert.rejects(
      client.send(new GetParameterCommand({ Name: "/b" })),
      awsError("AccessDeniedException", /because no session policy allows the ssm:GetParameter action$/u),
    );
    const managed = [{ arn: "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess" }];
    const readOnly = ssm(keysOf(await assume({ role: arn, token: await token(), PolicyArns: managed })));
    await readOnly.send(new GetParameterCommand({ Name: "/b" }));
    await assert.rejects(
      readOnly.send(new PutParameterCommand({ Name: "/c", Value: "v", Type: "String" })),
      awsError("AccessDeniedException", /no session policy allows the ssm:PutParameter action$/u),
    );
    await assert.rejects(
      assume({ role: arn, token: await token(), Policy: "{" }),
      awsError("MalformedPolicyDocument", /./u),
    );
  });

  test("a session's end does not depend on the token's, and is kept", async (t) => {
    const { role, token, assume, sts, clock } = await testSandbox(t);
    const arn = await role("demo", { maxSession: 7200 });
    const now = Math.floor(clock.now() / 1000);
    const output = await assume({ role: arn, token: await token({ exp: now + 60 }), DurationSeconds: 900 });
    const client = sts(keysOf(output));
    await client.send(new GetCallerIdentityCommand({}));
    clock.jump(600_000);
    await client.send(new GetCallerIdentityCommand({}));
    clock.jump(300_001);
    await assert.rejects(
      client.send(new GetCallerIdentityCommand({})),
      awsError("ExpiredToken", "The security token included in the request is expired", 403),
    );
    await assert.rejects(
      assume({ role: arn, token: await token(), DurationSeconds: 7201 }),
      awsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      ),
    );
  });
});
