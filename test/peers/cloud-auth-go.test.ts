/** Google's and Azure's own libraries for Go, unchanged, in a program that knows nothing of a sandbox: they go through the front. */
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { buildProgram, whyNoCluster } from "../cluster/build.ts";
import { issuerUrl } from "../support/azure-world.ts";
import { type Conversation, openConversation } from "../support/conversation.ts";
import { openPodAtFront, type PodAtFront, red } from "../support/pod-at-front.ts";
import { meetRefusals } from "../support/refused-tokens.ts";

const missing = whyNoCluster();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const clouds = { oauth2: "google", auth: "google", azidentity: "azure" } as const;
const granted = { oauth2: red, auth: red, azidentity: "a token of 3 parts" };

describe("the clouds' libraries for Go", { skip: missing ?? false }, () => {
  let pod: PodAtFront;
  /** By a pod's files: with its own identity at Google, and through its service account. */
  let direct: Conversation;
  let impersonating: Conversation;

  before(async () => {
    pod = await openPodAtFront();
    const program = await buildProgram("cloud-auth-go");
    const { clientId, clientSecret } = pod.azure.admin;
    const admin = { ADMIN_ID: clientId, ADMIN_SECRET: clientSecret, ISSUER: issuerUrl };
    direct = openConversation(program, [], { ...pod.environment("go"), ...admin });
    impersonating = openConversation(program, [], pod.environment("go", { impersonates: true }));
  });
  after(async () => {
    await direct?.end();
    await impersonating?.end();
    await pod?.close();
  });

  async function all(client: Conversation): Promise<Readonly<Record<string, unknown>>> {
    const said: Record<string, unknown> = {};
    for (const name of Object.keys(clouds)) said[name] = await client.ask(name);
    return said;
  }

  test("are granted by a pod's own files: golang.org/x/oauth2, cloud.google.com/go/auth and azidentity", async () => {
    await pod.write();
    assert.deepEqual(await all(direct), granted);
    assert.deepEqual(await all(impersonating), granted);
  });

  test("show the refusal of each rule that a token can meet", async () => {
    await meetRefusals(pod, clouds, (name) => direct.ask(name));
  });

  test("show what Google says where the workload is another than its service account lets in", async () => {
    await pod.write(pod.tokens({ name: "till" }));
    for (const name of ["oauth2", "auth"]) {
      assert.match(String(await direct.ask(name)), /^403: .*secretmanager\.versions\.access/su);
      assert.match(String(await impersonating.ask(name)), /iam\.serviceAccounts\.getAccessToken/u);
    }
  });

  test("are granted again after a rotation of keys, and a token of the key that is out is refused", async () => {
    const { keys } = pod.issuer.cluster;
    const old = pod.tokens();
    const [first] = keys.list();
    keys.promote((await keys.create()).kid);
    await pod.write();
    assert.deepEqual(await all(direct), granted);
    keys.drop(first?.kid ?? "");
    await pod.write(old);
    const said = await all(direct);
    for (const name of ["oauth2", "auth"])
      assert.match(String(said[name]), /Error connecting to the given credential's issuer/u);
    assert.match(String(said["azidentity"]), /AADSTS7000272/u);
  });

  test("keep an identity and its federated credentials at ARM: armmsi", async () => {
    assert.equal(
      await direct.ask("armmsi"),
      "till, prod, 400 BadRequest, one, two, three, 404 NotFound, 404 ResourceNotFound",
    );
  });
});
