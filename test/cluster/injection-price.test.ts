/**
 * What somebody with `edit` in one namespace can make injection by policy cost. The API server converts the whole pod for
 * each parameter of each policy, so what is counted are parameters, by the API server's own metric, and no time.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { mapLimit, type JsonRecord } from "../../src/core/base/index.ts";
import { injectionConfigMap, maxServiceAccounts, namespaceLabel } from "../../src/rules/injection/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { type ApiAnswer, type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";
import { until } from "./operator/until.ts";

const skip = leftOut();
const issuer = "https://oidc.example.com";
const role = "arn:aws:iam::111122223333:role/web";
const label = { [namespaceLabel.key]: namespaceLabel.value };
const many = 1000;

/** A pod of 340 kB: 50 containers with 100 variables each. */
function largePod(serviceAccountName: string): JsonRecord {
  const env = Array.from({ length: 100 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value-of-${index}-xxxxxxxxxxxxxxxxxxxx`,
  }));
  const containers = Array.from({ length: 50 }, (_, index) => ({
    name: `app-${index}`,
    image: "example.test/app:1",
    env,
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "large-" },
    spec: { serviceAccountName, automountServiceAccountToken: false, containers },
  };
}

const accountOf = (name: string): JsonRecord => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, annotations: name === "none" ? {} : { "eks.amazonaws.com/role-arn": role } },
});

describe("the price of injection by policy", { skip }, () => {
  let plane: ControlPlane;

  const make = async (path: string, body: unknown): Promise<void> => {
    const { status, text } = await plane.ask(path, { method: "POST", body });
    assert.equal(status, 201, `${path}: ${text}`);
  };
  const makeNamespace = (name: string, labels = {}): Promise<void> =>
    make("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });

  /** Answers a request as somebody with `edit` in one namespace, and no other right. */
  async function editorOf(namespace: string) {
    await make(`/api/v1/namespaces/${namespace}/serviceaccounts`, accountOf("none"));
    const subject = { kind: "ServiceAccount", name: "none", namespace };
    await make(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "editor" },
      // What is aggregated to `edit`, for which there is no controller manager here.
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:aggregate-to-edit",
      },
      subjects: [subject],
    });
    const token = await plane.requestToken(namespace, "none", issuer);
    const ask = (method: string, path: string, body: unknown): Promise<ApiAnswer> =>
      plane.ask(path, { method, body, token });
    await until(
      async () =>
        (
          await ask("POST", `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`, {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "may-i" },
          })
        ).status === 201,
      "the editor has the rights of one",
    );
    return ask;
  }

  /** How often policies of all relying parties looked at a pod in vain: once for each of their parameters. */
  async function looks(): Promise<number> {
    const { text } = await plane.ask("/metrics");
    const counts = text.matchAll(
      /^apiserver_admission_match_condition_evaluation_seconds_count\{[^}]*name="podtrust-[^}]*\} (\d+)$/gmu,
    );
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async function looksAt(makePod: () => Promise<ApiAnswer>): Promise<number> {
    const earlier = await looks();
    const { status, text } = await makePod();
    assert.equal(status, 201, text);
    return (await looks()) - earlier;
  }

  /** That so many looks come of a pod, once the API server has seen each policy that was made or deleted: it does one by one. */
  async function assertLooks(count: number, makePod: () => Promise<ApiAnswer>): Promise<void> {
    const isSettled = async (): Promise<boolean> => (await looksAt(makePod)) === count;
    await until(isSettled, `a pod is looked at ${count} times`);
    assert.equal(await looksAt(makePod), count);
  }

  async function apply(...options: readonly string[]): Promise<void> {
    const { out, err, code } = await podtrustHere(["manifests", "injection", ...options]);
    assert.equal(code, 0, err);
    await plane.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], out);
  }

  before(async () => {
    plane = await startControlPlane({ issuer });
    await makeNamespace("tenant");
    // Before there are policies that bound the ServiceAccounts of its namespace.
    await writeLongValues();
  });
  after(() => plane?.stop());

  const asking = {
    "podtrust-injection": ["eks.amazonaws.com/role-arn", "role-arn"],
    "podtrust-injection-azure": ["azure.workload.identity/client-id", "client-id"],
    "podtrust-injection-gcp": ["cloud.google.com/workload-identity-provider", "workload-identity-provider"],
  } as const;

  const hostile = "/api/v1/namespaces/hostile";
  let askHostile: Awaited<ReturnType<typeof editorOf>>;

  /** An editor writes values that are as long as the API server takes them. */
  async function writeLongValues(): Promise<void> {
    await makeNamespace("hostile", label);
    askHostile = await editorOf("hostile");
    const long = "a".repeat(250_000);
    for (const [name, [key, attribute]] of Object.entries(asking)) {
      const annotations = { [key]: long };
      const data = { [attribute]: `${name}=${long.repeat(3)}\n` };
      for (const [resource, body] of [
        ["serviceaccounts", { ...accountOf(name), metadata: { name, annotations } }],
        ["configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data }],
      ] as const) {
        const { status, text } = await askHostile("POST", `${hostile}/${resource}`, body);
        assert.equal(status, 201, text);
      }
    }
  }

  /** The same editor makes a pod for each of them. */
  async function makesPodsWithout(mode: "configmap" | "serviceaccounts"): Promise<void> {
    await apply("--mode", mode);
    for (const party of ["gcp", "azure"]) await apply("--for", party, "--mode", mode);
    for (const [name, [key, attribute]] of Object.entries(asking)) {
      const makePod = (): Promise<ApiAnswer> =>
        askHostile("POST", `${hostile}/pods?dryRun=All`, largePod(name));
      const said =
        mode === "configmap"
          ? `the ConfigMap ${name} has more than 131072 characters of ${attribute}, which are not read`
          : `annotation ${key} of the ServiceAccount is longer than 2048 characters, and not used`;
      await until(
        async () => (await makePod()).warnings.some((text) => text.includes(said)),
        `the policies of ${mode} say that the value is not used`,
      );
      const { status, text } = await makePod();
      assert.equal(status, 201, text);
      const { spec } = JSON.parse(text) as { readonly spec: { readonly volumes?: readonly object[] } };
      assert.equal(spec.volumes, undefined, name);
      assert.doesNotMatch(text, /aaaaaaaa/u);
    }
  }

  // The policies stay: an API server finds no new ConfigMap once none has named one (kubernetes/kubernetes#130887).
  test("in the mode configmap a value of hundreds of thousands of characters is written into no pod, whatever the relying party", () =>
    makesPodsWithout("configmap"));

  test("in the mode configmap a large pod among a thousand ServiceAccounts is looked at once by each policy", async () => {
    const ask = await editorOf("tenant");
    const accounts = Array.from({ length: many }, (_, index) => accountOf(`app-${index}`));
    await mapLimit(accounts, async (one) => {
      const { status, text } = await ask("POST", "/api/v1/namespaces/tenant/serviceaccounts", one);
      assert.equal(status, 201, text);
    });
    const object = injectionConfigMap("tenant", accounts);
    assert.equal((await ask("POST", "/api/v1/namespaces/tenant/configmaps", object)).status, 201);
    await apply("--mode", "configmap");
    await apply("--for", "openbao");
    const path = "/api/v1/namespaces/tenant/pods?dryRun=All";
    await until(
      async () => (await ask("POST", path, largePod("app-7"))).text.includes("aws-iam-token"),
      "pods are injected",
    );
    // Two of AWS's, and the one that reads pods alone; those of Google and Azure have no ConfigMap here.
    await assertLooks(3, () => ask("POST", path, largePod("none")));
    await plane.kubectl(["delete", "mutatingadmissionpolicy,validatingadmissionpolicy", "--all"]);
    await plane.kubectl([
      "delete",
      "mutatingadmissionpolicybinding,validatingadmissionpolicybinding",
      "--all",
    ]);
  });

  test("in the mode serviceaccounts a namespace without the label costs nothing, and its editor can set none", async () => {
    await makeNamespace("labelled", label);
    await make("/api/v1/namespaces/labelled/serviceaccounts", accountOf("app"));
    await apply("--mode", "serviceaccounts");
    await until(async () => {
      const path = "/api/v1/namespaces/labelled/pods?dryRun=All";
      const { text } = await plane.ask(path, { method: "POST", body: largePod("app") });
      return text.includes("aws-iam-token");
    }, "pods of a labelled namespace are injected");
    await until(async () => {
      const { status, text } = await plane.ask("/api/v1/namespaces/labelled/serviceaccounts?dryRun=All", {
        method: "POST",
        body: accountOf("web"),
      });
      return status !== 201 && text.includes("podtrust-injection-quota");
    }, "the policies are in force");
    const token = await plane.requestToken("tenant", "none", issuer);
    const path = "/api/v1/namespaces/tenant/pods?dryRun=All";
    await assertLooks(0, () => plane.ask(path, { method: "POST", body: largePod("none"), token }));
    const labels = await plane.ask("/api/v1/namespaces/tenant", {
      method: "PUT",
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "tenant", labels: label } },
      token,
    });
    assert.equal(labels.status, 403, labels.text);
  });

  test("a labelled namespace takes no ServiceAccount without its quota, nor with a quota that is too large, nor one more than the quota", async () => {
    const path = "/api/v1/namespaces/labelled/serviceaccounts";
    const refused = async (): Promise<string> => {
      const { status, text } = await plane.ask(`${path}?dryRun=All`, {
        method: "POST",
        body: accountOf("web"),
      });
      assert.notEqual(status, 201, text);
      return text;
    };
    const setQuota = async (hard: number, used: number): Promise<void> => {
      const counts = (count: number): JsonRecord => ({ "count/serviceaccounts": String(count) });
      const { out } = await podtrustHere([
        "manifests",
        "injection",
        "--mode",
        "serviceaccounts",
        "--namespace",
        "labelled",
        "--json",
      ]);
      const { items } = JSON.parse(out) as { readonly items: readonly JsonRecord[] };
      const printed = items.find(({ kind }) => kind === "ResourceQuota");
      const wanted = { ...printed, spec: { hard: counts(hard) } };
      await plane.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(wanted));
      // Without a controller manager nobody counts.
      const status = { status: { hard: counts(hard), used: counts(used) } };
      await plane.kubectl([
        "patch",
        "resourcequota",
        "podtrust-injection",
        "--namespace=labelled",
        "--subresource=status",
        "--type=merge",
        "-p",
        JSON.stringify(status),
      ]);
    };
    assert.match(await refused(), /podtrust-injection-quota/u);
    await setQuota(maxServiceAccounts + 1, 0);
    await until(
      async () => (await refused()).includes("has to hold count/serviceaccounts to 50 at most"),
      "a quota that is too large is told of",
    );
    await setQuota(maxServiceAccounts, maxServiceAccounts);
    await until(
      async () => /exceeded quota: podtrust-injection/u.test(await refused()),
      "one ServiceAccount more than the quota is refused",
    );
    await setQuota(maxServiceAccounts, 0);
    await until(
      async () =>
        (await plane.ask(`${path}?dryRun=All`, { method: "POST", body: accountOf("web") })).status === 201,
      "a ServiceAccount within the quota is made",
    );
    const ask = await editorOf("labelled");
    for (const [method, body] of [
      ["DELETE", undefined],
      [
        "PUT",
        { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "podtrust-injection" }, spec: {} },
      ],
    ] as const) {
      const { status } = await ask(
        method,
        "/api/v1/namespaces/labelled/resourcequotas/podtrust-injection",
        body,
      );
      assert.equal(status, 403);
    }
  });

  test("in the mode serviceaccounts a value of hundreds of thousands of characters is written into no pod either", () =>
    makesPodsWithout("serviceaccounts"));
});
