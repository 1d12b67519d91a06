/** `apply demo`, `status` and `test` where a real kubelet runs the pod: the guide's step 7, whole. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { putParameter } from "../../src/providers/aws/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustChild } from "../support/cli.ts";
import { type Cluster, podsLeftOut, podtrustImage } from "./harness/index.ts";
import { type ClusterWithAws, startClusterWithAws } from "./pods/cluster-with-aws.ts";
import type { PublishedIssuer } from "./pods/published-issuer.ts";
import { type AwsAccount, trustingAccount } from "./story/aws-account.ts";
import { maxWaitFlag } from "../support/until.ts";

const host = `${randomUUID()}.cluster.example`;
const issuer = `https://${host}`;
const skip = podsLeftOut();

describe("the demo in a real pod", { skip }, () => {
  let world: ClusterWithAws;
  let folder: string;
  let cluster: Cluster;
  let published: PublishedIssuer;
  let sandbox: Sandbox;
  let account: AwsAccount;
  /** The sandbox as pods reach it. */
  let podEndpoint: string;

  before(async () => {
    world = await startClusterWithAws(issuer, { podAddresses: "their own" });
    ({ folder, cluster, published, sandbox } = world);
    podEndpoint = await world.podEndpoint();
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
    await world?.stop();
  });

  function podtrust(...args: string[]): Promise<CliResult> {
    const route = [
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
    return podtrustChild([...args, ...(args[0] === "test" ? [] : route)], { cwd: folder, env });
  }

  const demo = (...args: string[]): Promise<CliResult> =>
    podtrust("apply", "demo", "--image", podtrustImage, "--aws-endpoint", podEndpoint, ...args);

  test("says who it is and which parameters it may read", async () => {
    const { code, out, err } = await demo("--path", "/demo");
    assert.equal(code, 0, out + err);
    assert.match(out, /^I am arn:aws:sts::111122223333:assumed-role\/story\/k3s-cluster$/mu);
    assert.match(out, /^I may read 1 parameters under \/demo\n {2}\/demo\/greeting$/mu);
    assert.match(err, /Job default\/demo-app succeeded/u);
  });

  test("the pod has an address of its own, and none of the node's", async () => {
    const addresses = "{.items[0].status.podIP} {.items[0].status.hostIP} {.items[0].spec.hostNetwork}";
    const pod = await cluster.kubectl([
      "get",
      "pods",
      "-l",
      "job-name=demo-app",
      "-o",
      `jsonpath=${addresses}`,
    ]);
    assert.match(pod, /^10\.244\.0\.\d+ 127\.0\.0\.1 $/u);
  });

  test("a pod reaches the API server by its Service's address, with the cluster's own CA and token", async () => {
    const script = `
      const { readFileSync } = require("node:fs");
      const of = (name) => readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/" + name, "utf8");
      const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
      require("node:https").get(
        { host, port, path: "/version", ca: of("ca.crt"), headers: { authorization: "Bearer " + of("token") } },
        (answer) => { console.log(host, answer.statusCode); answer.resume(); },
      );`;
    const container = {
      name: "ask",
      image: podtrustImage,
      imagePullPolicy: "Never",
      command: ["/usr/local/bin/node", "-e", script],
    };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "ask" },
      spec: { restartPolicy: "Never", containers: [container] },
    };
    await cluster.kubectl(["create", "-f", "-"], JSON.stringify(pod));
    await cluster.kubectl(["wait", "pod/ask", "--for=jsonpath={.status.phase}=Succeeded", maxWaitFlag]);
    assert.equal(await cluster.kubectl(["logs", "ask"]), "10.96.0.1 200\n");
    await cluster.kubectl(["delete", "pod", "ask", "--wait=false"]);
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
