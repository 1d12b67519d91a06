/** Google's and Azure's own libraries for Java, unchanged, in a program that knows nothing of a sandbox: they go through the front. */
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { type Conversation, openConversation } from "../support/conversation.ts";
import { openPodAtFront, type PodAtFront, red } from "../support/pod-at-front.ts";
import { cleanAwsEnvironment, runProgram } from "../support/python-venv.ts";
import { meetRefusals } from "../support/refused-tokens.ts";
import { environmentOf, whyNot } from "../support/sandbox-page.ts";

const missing = await whyNot(["java", "-version"], ["mvn", "-v"]);
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const project = join(import.meta.dirname, "cloud-auth-java");
const folder = join(import.meta.dirname, "../../.cache/cloud-auth-java");
const pathFile = join(folder, "classpath");
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath";

const clouds = { google: "google", azure: "azure" } as const;
const granted = { google: red, azure: "a token of 3 parts" };

/** Where a library and what it stands on are, as Java is told: Maven gets them, which does not go through the front itself. */
async function classPath(): Promise<string> {
  await mkdir(folder, { recursive: true });
  const args = ["-q", "-B", "-f", join(project, "pom.xml"), plugin, `-Dmdep.outputFile=${pathFile}`];
  const env = cleanAwsEnvironment(environmentOf("JAVA_", "MAVEN_"));
  const { code, out, err } = await runProgram("mvn", args, env);
  assert.equal(code, 0, out + err);
  return readFile(pathFile, "utf8");
}

describe("the clouds' libraries for Java", { skip: missing ?? false }, () => {
  let pod: PodAtFront;
  /** By a pod's files: with its own identity at Google, and through its service account. */
  let direct: Conversation;
  let impersonating: Conversation;

  before(async () => {
    pod = await openPodAtFront();
    const args = ["-cp", await classPath(), join(project, "Ask.java")];
    direct = openConversation("java", args, pod.environment("java"));
    impersonating = openConversation("java", args, pod.environment("java", { impersonates: true }));
  });
  after(async () => {
    await direct?.end();
    await impersonating?.end();
    await pod?.close();
  });

  const both = async (client: Conversation): Promise<object> => ({
    google: await client.ask("google"),
    azure: await client.ask("azure"),
  });

  test("are granted by a pod's own files: google-auth-library-oauth2-http and azure-identity", async () => {
    await pod.write();
    assert.deepEqual(await both(direct), granted);
    assert.deepEqual(await both(impersonating), granted);
  });

  test("show the refusal of each rule that a token can meet", async () => {
    await meetRefusals(pod, clouds, (name) => direct.ask(name));
  });

  test("show what Google says where the workload is another than its service account lets in", async () => {
    await pod.write(pod.tokens({ name: "till" }));
    assert.match(String(await impersonating.ask("google")), /iam\.serviceAccounts\.getAccessToken/u);
  });

  test("are granted again after a rotation of keys, and a token of the key that is out is refused", async () => {
    const { keys } = pod.issuer.cluster;
    const old = pod.tokens();
    const [first] = keys.list();
    keys.promote((await keys.create()).kid);
    await pod.write();
    assert.deepEqual(await both(direct), granted);
    keys.drop(first?.kid ?? "");
    await pod.write(old);
    assert.match(String(await direct.ask("google")), /Error connecting to the given credential's issuer/u);
    assert.match(String(await direct.ask("azure")), /AADSTS7000272/u);
  });
});
