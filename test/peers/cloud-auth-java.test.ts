/** Google's and Azure's own libraries for Java, unchanged, in a program that knows nothing of a sandbox: they go through the front. */
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { before, describe, test } from "node:test";
import { type PodAtFront, podAtFront, red } from "../support/pod-at-front.ts";
import { cleanAwsEnvironment, runProgram } from "../support/python-venv.ts";
import { environmentOf, whyNot } from "../support/sandbox-page.ts";

const missing = await whyNot(["java", "-version"], ["mvn", "-v"]);
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

const project = join(import.meta.dirname, "cloud-auth-java");
const folder = join(import.meta.dirname, "../../.cache/cloud-auth-java");
const pathFile = join(folder, "classpath");
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath";

interface Said {
  readonly google: string;
  readonly azure: string;
}

describe("the clouds' libraries for Java", { skip: missing ?? false }, () => {
  let classPath = "";

  before(async () => {
    await mkdir(folder, { recursive: true });
    // Maven itself does not go through the front.
    const args = ["-q", "-B", "-f", join(project, "pom.xml"), plugin, `-Dmdep.outputFile=${pathFile}`];
    const { code, out, err } = await runProgram(
      "mvn",
      args,
      cleanAwsEnvironment(environmentOf("JAVA_", "MAVEN_")),
    );
    assert.equal(code, 0, out + err);
    classPath = await readFile(pathFile, "utf8");
  });

  async function asPod(pod: PodAtFront, impersonates?: true): Promise<Said> {
    const env = pod.environment("java", impersonates === undefined ? {} : { impersonates });
    const { code, out, err } = await runProgram("java", ["-cp", classPath, join(project, "Ask.java")], env);
    assert.equal(code, 0, out + err);
    const said = (name: string): string =>
      new RegExp(`^${name} (.*)$`, "mu").exec(out)?.[1] ?? `${out}${err}`;
    return { google: said("google"), azure: said("azure") };
  }

  const granted: Said = { google: red, azure: "a token of 3 parts" };

  test("are granted by a pod's own files: google-auth-library-oauth2-http and azure-identity", async (t) => {
    const pod = await podAtFront(t);
    await pod.write();
    assert.deepEqual(await asPod(pod), granted);
    assert.deepEqual(await asPod(pod, true), granted);
  });

  test("show the clouds' own refusals of another audience and another subject", async (t) => {
    const pod = await podAtFront(t);
    await pod.write(pod.tokens({ audiences: ["sts.amazonaws.com"] }));
    const audience = await asPod(pod);
    assert.match(audience.google, /The audience in ID Token \[sts\.amazonaws\.com\] does not match/u);
    assert.match(audience.azure, /AADSTS700212/u);
    await pod.write(pod.tokens({ name: "till" }));
    const subject = await asPod(pod, true);
    assert.match(subject.google, /iam\.serviceAccounts\.getAccessToken/u);
    assert.match(subject.azure, /AADSTS700213/u);
  });

  test("are granted again after a rotation of keys, and a token of the key that is out is refused", async (t) => {
    const pod = await podAtFront(t);
    const { keys } = pod.issuer.cluster;
    const old = pod.tokens();
    const [first] = keys.list();
    keys.promote((await keys.create()).kid);
    await pod.write();
    assert.deepEqual(await asPod(pod), granted);
    keys.drop(first?.kid ?? "");
    await pod.write(old);
    const said = await asPod(pod);
    assert.match(said.google, /Error connecting to the given credential's issuer/u);
    assert.match(said.azure, /AADSTS7000272/u);
  });
});
