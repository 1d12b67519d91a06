/** Google's and Azure's own libraries for Go, unchanged, in a program that knows nothing of a sandbox: they go through the front. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { buildProgram, whyNoCluster } from "../cluster/build.ts";
import { issuerUrl } from "../support/azure-world.ts";
import { type PodAtFront, podAtFront, red } from "../support/pod-at-front.ts";
import { runProgram } from "../support/python-venv.ts";

const missing = whyNoCluster();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

type Said = Readonly<Record<string, string>>;

async function asked(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Said> {
  const { code, out, err } = await runProgram(await buildProgram("cloud-auth-go"), args, env);
  assert.equal(code, 0, err);
  return JSON.parse(out) as Said;
}

const asPod = (pod: PodAtFront, impersonates?: true): Promise<Said> =>
  asked(pod.environment("go", impersonates === undefined ? {} : { impersonates }));

const azureGranted = "a token of 3 parts";

describe("the clouds' libraries for Go", { skip: missing ?? false }, () => {
  test("are granted by a pod's own files: golang.org/x/oauth2, cloud.google.com/go/auth and azidentity", async (t) => {
    const pod = await podAtFront(t);
    await pod.write();
    assert.deepEqual(await asPod(pod), { oauth2: red, auth: red, azidentity: azureGranted });
    assert.deepEqual(await asPod(pod, true), { oauth2: red, auth: red, azidentity: azureGranted });
  });

  test("show the clouds' own refusals of another audience and another subject", async (t) => {
    const pod = await podAtFront(t);
    await pod.write(pod.tokens({ audiences: ["sts.amazonaws.com"] }));
    const audience = await asPod(pod);
    for (const one of ["oauth2", "auth"])
      assert.match(audience[one] ?? "", /The audience in ID Token \[sts\.amazonaws\.com\] does not match/u);
    assert.match(audience["azidentity"] ?? "", /AADSTS700212/u);

    await pod.write(pod.tokens({ name: "till" }));
    const subject = await asPod(pod);
    for (const one of ["oauth2", "auth"])
      assert.match(subject[one] ?? "", /^403: .*secretmanager\.versions\.access/su);
    assert.match(subject["azidentity"] ?? "", /AADSTS700213/u);
    const impersonating = await asPod(pod, true);
    for (const one of ["oauth2", "auth"])
      assert.match(impersonating[one] ?? "", /iam\.serviceAccounts\.getAccessToken/u);
  });

  test("are granted again after a rotation of keys, and a token of the key that is out is refused", async (t) => {
    const pod = await podAtFront(t);
    const { keys } = pod.issuer.cluster;
    const old = pod.tokens();
    const [first] = keys.list();
    keys.promote((await keys.create()).kid);
    await pod.write();
    assert.deepEqual(await asPod(pod), { oauth2: red, auth: red, azidentity: azureGranted });
    keys.drop(first?.kid ?? "");
    await pod.write(old);
    const said = await asPod(pod);
    for (const one of ["oauth2", "auth"])
      assert.match(said[one] ?? "", /Error connecting to the given credential's issuer/u);
    assert.match(said["azidentity"] ?? "", /AADSTS7000272/u);
  });

  test("keep an identity and its federated credentials at ARM: armmsi", async (t) => {
    const pod = await podAtFront(t);
    await pod.write();
    const { clientId, clientSecret } = pod.azure.admin;
    const admin = { ADMIN_ID: clientId, ADMIN_SECRET: clientSecret, ISSUER: issuerUrl };
    assert.deepEqual(await asked({ ...pod.environment("go"), ...admin }, "admin"), {
      armmsi: "till, prod, 400 BadRequest, one, two, three, 404 NotFound, 404 ResourceNotFound",
    });
  });
});
