/** `apply demo`, `status` and `test` where a real kubelet runs the pod: the guide's step 7, whole. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { putParameter } from "../../src/aws/index.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustChild } from "../support/cli.ts";
import {
  type Cluster,
  podsLeftOut,
  podtrustImage,
  startCluster,
  writePodtrustImage,
} from "./harness/index.ts";
import { publishIssuer, type PublishedIssuer } from "./pods/published-issuer.ts";
import { type AwsAccount, trustingAccount } from "./story/aws-account.ts";

const host = `${randomUUID()}.cluster.example`;
const issuer = `https://${host}`;
const skip = podsLeftOut();

describe("the demo in a real pod", { skip }, () => {
  let folder: string;
  let cluster: Cluster;
  let published: PublishedIssuer;
  let sandbox: Sandbox;
  let account: AwsAccount;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "podtrust-apply-pods-"));
    cluster = await startCluster({ issuer, jwksUri: `${issuer}/openid/v1/jwks` });
    await cluster.node.importImage(writePodtrustImage(folder).file);
    published = await publishIssuer(cluster);
    sandbox = await startSandbox({ connectTo: published.connectTo, ca: published.ca, propagationMs: 0 });
    account = await trustingAccount(sandbox, issuer, "default/demo-service-account");
    await putParameter(account.session, { name: "/demo/greeting", value: "hello" });
    writeFileSync(join(folder, "root.pem"), published.ca);
    const config = `stack: story
issuer: ${issuer}
cluster: {kubeconfig: ${cluster.adminKubeconfig}}
aws:
  - account: "${sandbox.account}"
    region: eu-central-1
    roles:
      - name: story
        sessionName: k3s-cluster
        serviceAccounts: [default/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;
    writeFileSync(join(folder, "podtrust.yaml"), config);
  });

  after(async () => {
    account?.session.close();
    await sandbox?.close();
    await published?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function podtrust(...args: string[]): Promise<CliResult> {
    const way = [
      "--connect-to",
      `${host}:443:127.0.0.1:${published.connectTo[0]?.toPort}`,
      "--ca",
      "root.pem",
    ];
    const env = {
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
    };
    return podtrustChild([...args, ...(args[0] === "test" ? [] : way)], { cwd: folder, env });
  }

  const demo = (...args: string[]): Promise<CliResult> =>
    podtrust(
      "apply",
      "demo",
      "--image",
      podtrustImage,
      "--host-network",
      "--aws-endpoint",
      sandbox.url,
      ...args,
    );

  test("says who it is and which parameters it may read", async () => {
    const { code, out, err } = await demo("--path", "/demo");
    assert.equal(code, 0, out + err);
    assert.match(out, /^I am arn:aws:sts::111122223333:assumed-role\/story\/k3s-cluster$/mu);
    assert.match(out, /^I may read 1 parameters under \/demo\n {2}\/demo\/greeting$/mu);
    assert.match(err, /Job default\/demo-app succeeded/u);
  });

  test("run again, it replaces its own finished Job", async () => {
    const { code, out, err } = await demo("--path", "/demo", "--json");
    assert.equal(code, 0, out + err);
    assert.match(err, /the earlier Job default\/demo-app removed/u);
    assert.match((JSON.parse(out) as { log: string[] }).log.join("\n"), /assumed-role\/story\/k3s-cluster/u);
  });

  test("an image that is nowhere is waited for with the kubelet's reason", async () => {
    const { code, err } = await demo("--image", "localhost:1/nowhere:1", "--timeout", "12");
    assert.equal(code, 1);
    assert.match(err, /did not end in time: (?:ErrImagePull|ImagePullBackOff): .*nowhere/u);
  });

  test("every link of the chain holds, and test proves it", async () => {
    const status = await podtrust("status");
    assert.equal(status.code, 0, status.out + status.err);
    const tried = await podtrust("test");
    assert.equal(tried.code, 0, tried.out + tried.err);
    assert.match(tried.out, /4 as expected, 0 not, 1 skipped/u);
  });

  test("--delete takes Job, pod and ServiceAccount away", async () => {
    assert.equal((await demo("--delete")).code, 0);
    const left = await cluster.kubectl(["get", "job,serviceaccount", "-o", "name"]);
    assert.doesNotMatch(left, /demo/u);
  });
});
