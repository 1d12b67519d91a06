/** Injection by the API server beside AWS's webhook, other injectors, and people: on one real API server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { injectionFault } from "../../src/rules/injection/index.ts";
import { awsWebhook } from "../support/aws-webhook-model.ts";
import { podtrustHere } from "../support/cli.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";
import {
  type MutatingWebhook,
  startMutatingWebhook,
  startSidecarInjector,
} from "./injection/mutating-webhook.ts";
import { podEssence } from "./injection/pod-essence.ts";
import { until } from "../support/until.ts";

const skip = leftOut();
const role = "arn:aws:iam::111122223333:role/web";
const serviceAccount = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: {
    name: "web",
    namespace: "default",
    annotations: { "eks.amazonaws.com/role-arn": role, "eks.amazonaws.com/sts-regional-endpoints": "true" },
  },
  automountServiceAccountToken: false,
};

function pod(name: string, metadata: object = {}): JsonRecord {
  const spec = {
    serviceAccountName: "web",
    initContainers: [{ name: "migrate", image: "example.test/app:1" }],
    containers: [{ name: "app", image: "example.test/app:1", env: [{ name: "LANG", value: "C" }] }],
  };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, ...metadata }, spec };
}

/** Another's policy, which adds a sidecar to each pod that has none. */
const sidecarPolicy = [
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicy",
    metadata: { name: "sidecar" },
    spec: {
      failurePolicy: "Fail",
      reinvocationPolicy: "Never",
      matchConstraints: {
        resourceRules: [
          { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
        ],
      },
      matchConditions: [
        { name: "without", expression: '!object.spec.containers.exists(c, c.name == "proxy")' },
      ],
      mutations: [
        {
          patchType: "JSONPatch",
          jsonPatch: {
            expression:
              '[JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{name: "proxy", image: "example.test/proxy:1"}}]',
          },
        },
      ],
    },
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicyBinding",
    metadata: { name: "sidecar" },
    spec: { policyName: "sidecar" },
  },
];

describe("injection by the API server, beside others", { skip }, () => {
  let plane: ControlPlane;
  let webhook: MutatingWebhook;
  let theirSidecar: MutatingWebhook;

  const list = (items: readonly unknown[]): string =>
    JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const apply = (items: readonly unknown[]): Promise<string> =>
    plane.kubectl(["apply", "--server-side", "-f", "-"], list(items));
  const remove = (items: readonly unknown[]): Promise<string> =>
    plane.kubectl(["delete", "--ignore-not-found", "-f", "-"], list(items));

  async function policies(...options: readonly string[]): Promise<readonly JsonRecord[]> {
    const mode = ["--mode", "serviceaccounts"];
    const { out } = await podtrustHere(["manifests", "injection", "--json", ...mode, ...options]);
    return (JSON.parse(out) as { items: readonly JsonRecord[] }).items;
  }

  async function make(body: JsonRecord, query = "?dryRun=All"): Promise<JsonRecord> {
    const answer = await plane.ask(`/api/v1/namespaces/default/pods${query}`, { method: "POST", body });
    assert.equal(answer.status, 201, answer.text);
    return JSON.parse(answer.text) as JsonRecord;
  }

  const isInjected = async (): Promise<boolean> =>
    injectionFault(await make(pod("probe")), { serviceAccount }) === undefined;
  const containersOf = (made: JsonRecord): readonly JsonRecord[] =>
    recordsOf(recordOf(made["spec"])["containers"]);

  before(async () => {
    plane = await startControlPlane({ issuer: "https://oidc.example.com" });
    await plane.kubectl(["label", "namespace", "default", "podtrust.dev/injection=serviceaccounts"]);
    await plane.ask("/api/v1/namespaces/default/serviceaccounts", { method: "POST", body: serviceAccount });
    webhook = await startMutatingWebhook(plane, "pod-identity-webhook", (one) =>
      Promise.resolve(awsWebhook(one, serviceAccount)),
    );
    theirSidecar = await startSidecarInjector(plane, "sidecar-injector");
  });
  after(async () => {
    await webhook?.close();
    await theirSidecar?.close();
    await plane?.stop();
  });

  test("a cluster moves from AWS's webhook to the policies and back, with the same pods, none restarted", async () => {
    await apply([webhook.configuration]);
    await until("the webhook injects", isInjected);
    const theirs = await make(pod("web-0"), "");
    const identity = (one: JsonRecord): unknown => [recordOf(one["metadata"])["uid"], one["spec"]];
    const running = async (): Promise<JsonRecord> =>
      JSON.parse((await plane.ask("/api/v1/namespaces/default/pods/web-0")).text) as JsonRecord;

    await apply(await policies());
    await until("both inject", async () => {
      const asked = await plane.ask("/api/v1/namespaces/default/pods?dryRun=All", {
        method: "POST",
        body: pod("labelled", { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } }),
      });
      return asked.warnings.some((text) => text.includes("InjectionSkipped"));
    });
    assert.deepEqual(podEssence(await make(pod("web-1"))), podEssence(theirs));

    await remove([webhook.configuration]);
    await until("the webhook is not asked any more", async () => {
      const earlier = webhook.asked();
      await make(pod("probe"));
      return webhook.asked() === earlier;
    });
    const ours = await make(pod("web-2"), "");
    assert.deepEqual(podEssence(ours), podEssence(theirs));
    assert.equal(injectionFault(await running(), { serviceAccount }), undefined);

    await apply([webhook.configuration]);
    await until("the webhook is asked again", async () => {
      const earlier = webhook.asked();
      await make(pod("probe"));
      return webhook.asked() > earlier;
    });
    await remove(await policies());
    await until("the policies are gone", async () => {
      const answer = await plane.ask("/api/v1/namespaces/default/pods?dryRun=All", {
        method: "POST",
        body: pod("labelled", { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } }),
      });
      return answer.warnings.length === 0;
    });
    assert.deepEqual(podEssence(await make(pod("web-3"))), podEssence(theirs));
    assert.deepEqual(identity(await running()), identity(theirs));
    await remove([webhook.configuration]);
  });

  test("a sidecar that another's policy or webhook adds has the role too, whoever was first", async () => {
    await apply(await policies());
    await until("the policies inject", isInjected);
    for (const objects of [sidecarPolicy, [theirSidecar.configuration]]) {
      await apply(objects);
      await until("the other injects", async () => containersOf(await make(pod("probe"))).length === 2);
      for (let times = 0; times < 10; times += 1) {
        const made = await make(pod(`two-${times}`));
        assert.equal(containersOf(made).length, 2);
        assert.equal(injectionFault(made, { serviceAccount }), undefined);
      }
      await remove(objects);
      await until("the other is gone", async () => containersOf(await make(pod("probe"))).length === 1);
    }
  });

  test("a pod that was injected before gets again what it has lost since, and nothing twice", async () => {
    await apply(await policies());
    await until("the policies inject", isInjected);
    const whole = await make(pod("whole"));
    /** The pod, made anew from the last one as from a backup, its containers changed. */
    const again = (change: (container: JsonRecord) => JsonRecord): Promise<JsonRecord> => {
      const spec = recordOf(whole["spec"]);
      const changed = (key: string): readonly JsonRecord[] => recordsOf(spec[key]).map(change);
      const lists = { initContainers: changed("initContainers"), containers: changed("containers") };
      const body = { apiVersion: "v1", kind: "Pod", metadata: { name: "again" } };
      return make({ ...body, spec: { ...spec, ...lists } });
    };
    /** What a container has, in no order: what is given again stands last. */
    const held = (one: JsonRecord): unknown =>
      containersOf(one).map(({ env, volumeMounts }) =>
        [...recordsOf(env), ...recordsOf(volumeMounts)].map((member) => JSON.stringify(member)).sort(),
      );
    const without = (key: string, ...names: readonly string[]) => {
      return (container: JsonRecord): JsonRecord => ({
        ...container,
        [key]: recordsOf(container[key]).filter(({ name }) => !names.includes(String(name))),
      });
    };
    const losses = [
      (container: JsonRecord) => container,
      without("volumeMounts", "aws-iam-token"),
      without("env", "AWS_STS_REGIONAL_ENDPOINTS"),
      without("env", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    ];
    for (const loss of losses) assert.deepEqual(held(await again(loss)), held(whole));
  });

  /** What kubectl itself says. */
  const kubectl = (args: readonly string[], input: unknown): Promise<{ code: number; err: string }> =>
    new Promise((resolve) => {
      const flags = [`--kubeconfig=${plane.adminKubeconfig}`, ...args];
      const child = execFile(
        plane.kubectlPath,
        flags,
        { env: { HOME: plane.folder } },
        (error, _out, err) => {
          resolve({ code: error === null ? 0 : Number(error.code), err });
        },
      );
      child.stdin?.end(JSON.stringify(input));
    });
  const create = ["create", "--dry-run=server", "-f", "-"];

  test("kubectl's own output says why a pod has no token, or what is wrong with an annotation", async () => {
    await apply(await policies());
    await until("the policies inject", isInjected);
    const label = { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } };
    const skipped = await kubectl(create, pod("skipped", label));
    assert.equal(skipped.code, 0);
    assert.match(
      skipped.err,
      /^Warning: .*podtrust: InjectionSkipped: the pod has the label eks\.amazonaws\.com\/skip-pod-identity-webhook$/mu,
    );
    const odd = { annotations: { "eks.amazonaws.com/token-expiration": "1h" } };
    assert.match(
      (await kubectl(create, pod("odd", odd))).err,
      /^Warning: .*InjectionAnnotationInvalid: annotation eks\.amazonaws\.com\/token-expiration of the pod is "1h": it is no number of seconds, and not used$/mu,
    );
    assert.equal((await kubectl(create, pod("good"))).err, "");
  });

  test("where nothing injects, a pod is warned of, and refused with --deny, unless it asks to be left alone", async () => {
    const [policy, binding, ...checks] = await policies();
    await apply([policy, binding, ...checks]);
    await remove([binding]);
    const missing =
      /podtrust: PodNotInjected: the pod has no AWS_ROLE_ARN in the container migrate, and ServiceAccount web asks for arn:aws:iam::111122223333:role\/web/u;
    await until("a pod is warned of", async () => missing.test((await kubectl(create, pod("bare"))).err));
    assert.equal((await kubectl(create, pod("bare"))).code, 0);
    const [, , ...denying] = await policies("--deny");
    await apply(denying);
    await until("a pod is refused", async () => (await kubectl(create, pod("bare"))).code === 1);
    const { err } = await kubectl(create, pod("bare"));
    assert.match(err, /^The pods "bare" is invalid: : .*podtrust-injected.* denied request/mu);
    assert.match(err, missing);
    const label = { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } };
    assert.equal((await kubectl(create, pod("skipped", label))).code, 0);
    await apply([binding]);
    await until("a pod is made again", async () => (await kubectl(create, pod("again"))).code === 0);
  });
});
