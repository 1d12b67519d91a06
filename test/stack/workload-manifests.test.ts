import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import { workloadTarget } from "../../src/stack/index.ts";
import {
  chainYaml,
  type ChainWorld,
  demoAccount,
  demoRole,
  startChainWorld,
} from "../support/chain-world.ts";
import { podtrustHere } from "../support/cli.ts";
import { TestClock } from "../support/clock.ts";

describe("the workload's side", () => {
  let world: ChainWorld;

  before(async () => {
    world = await startChainWorld(new TestClock(Date.now()));
  });

  after(() => world.close());

  describe("manifests", () => {
    const print = (...args: string[]) =>
      podtrustHere(["manifests", ...args, "-f", world.file], { env: { HOME: world.folder } });
    const documents = (text: string): KubernetesObject[] =>
      parseAllDocuments(text).map((one) => one.toJSON() as KubernetesObject);

    test("workload: the ServiceAccount to apply, and the rest in comments", async () => {
      const { code, out } = await print("workload", demoAccount);
      assert.equal(code, 0);
      assert.deepEqual(
        documents(out).map(({ kind }) => kind),
        ["ServiceAccount"],
      );
      assert.match(
        out,
        /# {7}- name: AWS_ROLE_ARN\n# {9}value: arn:aws:iam::111122223333:role\/k3s-demo-app/u,
      );
      assert.match(out, /# {13}audience: sts\.amazonaws\.com/u);
    });

    test("workload --patch: each kind has its pod's spec where it belongs", async () => {
      const { out } = await print(
        "workload",
        demoAccount,
        "--patch",
        "cronjob/nightly",
        "--container",
        "main",
        "--json",
      );
      const { spec } = JSON.parse(out) as {
        spec: {
          jobTemplate: {
            spec: {
              template: { spec: { containers: { name: string; env: { name: string; value: string }[] }[] } };
            };
          };
        };
      };
      const [container] = spec.jobTemplate.spec.template.spec.containers;
      assert.equal(container?.name, "main");
      assert.deepEqual(Object.fromEntries(container.env.map(({ name, value }) => [name, value])), {
        AWS_REGION: "eu-central-1",
        AWS_DEFAULT_REGION: "eu-central-1",
        AWS_ROLE_ARN: `arn:aws:iam::111122223333:role/${demoRole}`,
        AWS_ROLE_SESSION_NAME: "k3s-cluster",
        AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
      });
      const wrong = await print("workload", demoAccount, "--patch", "deploymnt/web");
      assert.match(wrong.err, /Did you mean deployment\?/u);
    });

    test("demo: the guide's names, and no second token in the pod", async () => {
      const { out } = await print("demo");
      const [account, job] = documents(out);
      assert.deepEqual([account?.metadata.name, job?.metadata.name], ["demo-service-account", "demo-app"]);
      assert.match(out, /image: amazon\/aws-cli:2\.15\.40/u);
      assert.match(out, /automountServiceAccountToken: false/u);
      const own = await print(
        "demo",
        "--image",
        "registry.example/podtrust:1",
        "--aws-endpoint",
        "http://10.0.0.1:4580",
      );
      assert.match(own.out, /args:\n {12}- job\n/u);
      assert.match(own.out, /name: AWS_ENDPOINT_URL\n {14}value: http:\/\/10\.0\.0\.1:4580/u);
      assert.match(own.out, /runAsNonRoot: true/u);
    });

    test("what the config does not say, or Kubernetes would not take, is refused with the nearest that fits", async () => {
      const unknown = await print("workload", "aws-test/demo-servise-account");
      assert.match(unknown.err, /Did you mean aws-test\/demo-service-account\?/u);
      assert.match((await print("demo", "--expiration", "599")).err, /code: {2}token-lifetime/u);
      assert.match((await print("demo", "--audience", "vault")).err, /does not accept the audience vault/u);
      assert.match((await print("workload", "demo")).err, /code: {2}subject-invalid/u);
      assert.match((await print("demo", "--path", "/a; rm -rf /")).err, /not a path of Parameter Store/u);
      const text = chainYaml(world.issuer.issuer, "kubeconfig");
      const twice = await world.configOf(
        `${text}      - name: second\n        serviceAccounts: [${demoAccount}]\n`,
      );
      assert.throws(() => workloadTarget(twice, { serviceAccount: demoAccount }), {
        message: /several roles trust/u,
      });
      assert.equal(
        workloadTarget(twice, { serviceAccount: demoAccount, role: "second" }).role.name,
        "second",
      );
    });
  });
});
