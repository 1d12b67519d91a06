/** The chart of deploy/chart by Helm itself: it renders what `podtrust manifests` prints, and a release keeps what is shared. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { recordOf } from "../../src/core/base/index.ts";
import { bindingManifests, loadPartyManifests } from "../../src/rules/bindings/index.ts";
import { chart, Helm, type Manifest, objectsOf, printed, type Values, valuesOf } from "./charts/rendering.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const skip = leftOut();
/** The chart as it was when there was nothing in it but the publisher. */
const earlierChart = resolve(import.meta.dirname, "charts/podtrust-of-the-publisher-alone.tgz");
const issuer = "https://oidc.example.com";
const image = "registry.example.com/podtrust:0.1.0";
const exposures = ["load-balancer", "node-port", "host-port"] as const;
const configs = {
  "http-01": { https: { acme: { email: "ops@example.com" } } },
  "tls-alpn-01": { https: { acme: { challenge: "tls-alpn-01" } } },
  "the certificate of a Secret": {
    https: { certificateSecret: { namespace: "podtrust", name: "oidc-tls" } },
  },
  "a bucket": { s3: { bucket: "example-oidc", region: "eu-central-1" } },
} as const;
const s3Issuer = "https://example-oidc.s3.eu-central-1.amazonaws.com";
const role = "arn:aws:iam::111122223333:role/podtrust/operator";
const googleProvider = "projects/123456789012/locations/global/workloadIdentityPools/bindings/providers/prod";

describe("the chart", { skip }, () => {
  let helm: Helm;
  let plane: ControlPlane | undefined;

  before(async () => {
    helm = await Helm.open();
  });
  after(async () => {
    await plane?.stop();
    helm?.close();
  });

  /** The words of a command for a publisher of this config. */
  function publisher(config: object, ...more: readonly string[]): readonly string[] {
    const named = "s3" in config ? s3Issuer : issuer;
    const file = helm.file("podtrust.yaml", { stack: "prod", issuer: named, publisher: config });
    return ["manifests", "publisher", "--file", file, "--image", image, ...more];
  }
  const operator = (...more: readonly string[]): readonly string[] => [
    "manifests",
    "operator",
    "--image",
    image,
    ...more,
  ];

  for (const [name, config] of Object.entries(configs)) {
    test(`renders what manifests publisher prints, object by object, in every exposure, with ${name}`, async () => {
      for (const expose of exposures) {
        const command = publisher(config, "--expose", expose);
        await helm.renders(await valuesOf(command), await objectsOf(command));
      }
    });
  }

  for (const options of [
    [],
    ["--evict-per-minute", "6", "--no-canary"],
    ["--webhook"],
    ["--webhook", "--failure-policy", "Fail", "--evict-per-minute", "1"],
    ["--config-maps", "--role-map", "roles"],
    ["--name", "ops", "--replicas", "3", "--priority-class", "system-cluster-critical"],
    ["--api-server-port", "8443", "--role", role, "--environment-secret", "aws"],
  ])
    test(`renders what manifests operator prints, object by object, with ${options.join(" ") || "nothing said"}`, async () => {
      const command = operator(...options);
      await helm.renders(await valuesOf(command), await objectsOf(command));
    });

  test("renders what manifests operator prints, object by object, with keys that it uploads", async () => {
    for (const more of [{}, { audiences: ["https://sts.example.com"] }]) {
      const gcp = [{ project: "shop-project", projectNumber: "123456789012", ...more }];
      const file = helm.file("keys.yaml", { stack: "prod", issuer, gcp });
      for (const options of [[], ["--role", role, "--webhook"]]) {
        const command = operator("--keys", file, ...options);
        await helm.renders(await valuesOf(command), await objectsOf(command));
      }
    }
  });

  for (const part of ["publisher", "operator"])
    test(`renders the pods of the ${part} as manifests prints them by --pods, with every setting and with each alone`, async () => {
      const every = {
        imagePullPolicy: "Always",
        imagePullSecrets: [{ name: "registry" }, { name: "mirror" }],
        labels: { "sidecar.istio.io/inject": "false" },
        annotations: { "example.com/owner": 'platform: "a" {{ b }}' },
        nodeSelector: { "node-role.kubernetes.io/infra": "" },
        tolerations: [{ key: "infra", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }],
        affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" },
        ],
        resources: { requests: { cpu: "1" }, limits: { memory: "1Gi" } },
        commonLabels: { "example.com/owner": "platform", "app.kubernetes.io/part-of": "identity" },
        serviceAccountAnnotations: { "eks.amazonaws.com/role-arn": role },
        securityContext: { runAsUser: null, fsGroup: 1_000_680_000, supplementalGroups: [7] },
        containerSecurityContext: { privileged: false, capabilities: { drop: ["ALL"] }, runAsUser: 7 },
        volumes: [{ name: "company-ca", configMap: { name: "company-ca" } }],
        volumeMounts: [{ name: "company-ca", mountPath: "/etc/ssl/company", readOnly: true }],
        networkPolicy: false,
        podDisruptionBudget: false,
        env: { HTTPS_PROXY: "http://proxy.example.com:3128", NO_PROXY: "10.0.0.0/8" },
        verbose: true,
      };
      for (const pods of [every, ...Object.entries(every).map(([key, value]) => ({ [key]: value }))]) {
        const file = helm.file("pods.yaml", pods);
        const more = ["--pods", file];
        const command = part === "operator" ? operator(...more) : publisher(configs["http-01"], ...more);
        await helm.renders(await valuesOf(command), await objectsOf(command));
      }
    });

  test("takes settings of pods beside the printed values, joined with the defaults", async () => {
    const values = await valuesOf(operator());
    const printedPart = recordOf(values["operator"]);
    const { pods: _, ...part } = printedPart;
    const resources = { limits: { memory: "1Gi" } };
    const file = helm.file("pods.yaml", { resources });
    const wanted = await objectsOf(operator("--pods", file));
    await helm.renders({ ...values, operator: { ...part, pods: { resources } } }, wanted);
  });

  test("renders Azure's bindings, and the operator's own token for Azure, where bindings.azure asks for them", async () => {
    const command = operator("--bindings", "--for", "aws", "azure", "--role", role);
    const wanted = [
      ...(await objectsOf(command)),
      ...(await objectsOf(["manifests", "bindings", "--for", "aws", "azure"])),
    ];
    await helm.renders(await valuesOf(command), wanted);
  });

  test("has the operator keep the ConfigMaps that injection in the mode configmap needs", async () => {
    const values = { ...(await valuesOf(operator())), injection: { enabled: true, mode: "configmap" } };
    const { items } = await printed(["manifests", "injection", "--mode", "configmap"]);
    const wanted = [...(await objectsOf(operator("--config-maps"))), ...(items as readonly Manifest[])];
    await helm.renders(values, wanted);
  });

  test("renders what manifests operator and bindings print, where bindings are wanted, for the operator's name and audiences", async () => {
    const command = operator("--bindings", "--name", "ops");
    const values = await valuesOf(command);
    await helm.renders(values, [...(await objectsOf(command)), ...bindingManifests({ name: "ops" })]);
    const audiences = ["sts.amazonaws.com", "https://example.com/aws"];
    const bindings = { ...recordOf(values["bindings"]), audiences };
    await helm.renders({ ...values, bindings }, [
      ...(await objectsOf(command)),
      ...bindingManifests({ name: "ops", audiences }),
    ]);
    const rows = await loadPartyManifests(["aws", "gcp"]);
    const own = ["--google-provider", googleProvider];
    for (const more of [[], own, [...own, "--google-audience", "https://sts.example.com", "--role", role]]) {
      const google = operator("--bindings", "--name", "ops", "--for", "aws", "gcp", ...more);
      const wanted = [...(await objectsOf(google)), ...bindingManifests({ name: "ops", rows })];
      await helm.renders(await valuesOf(google), wanted);
    }
  });

  for (const mode of ["serviceaccounts", "configmap"])
    test(`renders what manifests injection prints, of ${mode}, with each way to say what went wrong and every relying party, on Kubernetes 1.35 to 1.37`, async () => {
      for (const version of ["1.35.4", "1.36.3", "1.37.2"])
        for (const deny of [false, true])
          for (const warn of [true, false]) {
            const said = [...(deny ? ["--deny"] : []), ...(warn ? [] : ["--no-warn"])];
            const options = ["--mode", mode, "--kubernetes", version.slice(0, 4), ...said];
            const values = { injection: { enabled: true, mode, deny, warn } };
            await helm.renders(values, await objectsOf(["manifests", "injection", ...options]), version);
          }
      const parties = ["aws", "gcp", "azure"].map((party) => ["--for", party, "--mode", mode]);
      const others = { gcp: true, azure: true, openbao: true };
      for (const deny of [false, true]) {
        const printing = [...parties, ["--for", "openbao"]].map((one) => (deny ? [...one, "--deny"] : one));
        const lists = await Promise.all(printing.map((one) => objectsOf(["manifests", "injection", ...one])));
        const once = new Map(lists.flat().map((one) => [JSON.stringify(one), one]));
        await helm.renders({ injection: { enabled: true, mode, deny, ...others } }, [...once.values()]);
      }
    });

  test("has monitors, alerts and dashboards of the parts that are there, where they are wanted", async () => {
    const monitoring = { podMonitors: true, alerts: true, dashboards: true };
    const kinds = async (values: Values): Promise<readonly string[]> =>
      [...(await helm.template({ ...values, monitoring })).matchAll(/^kind: (\w+)$/gmu)]
        .map(([, kind = ""]) => kind)
        .filter((kind) => ["PodMonitor", "PrometheusRule"].includes(kind))
        .sort();
    const one = ["PodMonitor", "PrometheusRule"];
    assert.deepEqual(await kinds({ injection: { enabled: true, mode: "configmap" } }), []);
    assert.deepEqual(await kinds(await valuesOf(operator())), one);
    const both = { ...(await valuesOf(operator())), ...(await valuesOf(publisher(configs["http-01"]))) };
    assert.deepEqual(
      await kinds(both),
      one.flatMap((kind) => [kind, kind]),
    );
    const ofSigner = { injection: { enabled: true, mode: "configmap" } };
    const signed = await helm.template({ ...ofSigner, monitoring: { ...monitoring, signer: true } });
    assert.deepEqual(
      [...signed.matchAll(/^ {2}name: (podtrust-signer.*)$/gmu)].map(([, name]) => name),
      // Helm puts a ConfigMap first.
      ["podtrust-signer-dashboard", "podtrust-signer"],
    );
    const rendered = parseAllDocuments(await helm.template({ ...both, monitoring })).map(
      (document) => document.toJSON() as Values | null,
    );
    const boards = rendered.flatMap((object) =>
      Object.entries(recordOf(object?.["data"])).filter(([name]) => name.endsWith(".json")),
    );
    assert.deepEqual(
      boards.map(([name, board]) => [name, (JSON.parse(String(board)) as Values)["uid"]]),
      [
        ["podtrust-publisher.json", "podtrust-publisher"],
        ["podtrust-operator.json", "podtrust-operator"],
      ],
    );
  });

  test("passes Helm's own lint, without values and with every part", async () => {
    assert.match(await helm.run("lint", chart), /1 chart\(s\) linted, 0 chart\(s\) failed/u);
    const every = {
      ...(await valuesOf(publisher(configs["http-01"]))),
      ...(await valuesOf(operator("--bindings"))),
      injection: { enabled: true, mode: "configmap" },
      monitoring: { podMonitors: true, alerts: true, dashboards: true },
    };
    const values = `--values=${helm.valuesFile(every)}`;
    const strict = await helm.run("lint", "--strict", chart, values, "--namespace=podtrust");
    assert.match(strict, /0 chart\(s\) failed/u);
  });

  test("values that are none are refused by name", async () => {
    const values = await valuesOf(publisher(configs["http-01"]));
    const part = recordOf(values["publisher"]);
    for (const [wrong, said] of [
      [{ publisher: { ...part, replicas: 0 } }, /replicas/u],
      [{ publisher: { ...part, expose: "ingress" } }, /expose/u],
      [{ publisher: { ...part, replcias: 3 } }, /replcias/u],
      [{ publisher: { ...part, config: "" } }, /publisher.config is empty: podtrust manifests publisher/u],
      [{ image: "" }, /image is empty: podtrust manifests publisher --values prints it/u],
      [{ namespace: "elsewhere" }, /the values are for the namespace elsewhere/u],
      [{ operator: { role: "web" } }, /role/u],
      [{ operator: { evictPerMinute: -1 } }, /evictPerMinute/u],
      [{ operator: { pods: { toleration: [] } } }, /toleration/u],
      [{ operator: { pods: { tolerations: [{ effect: "NoSchedul" }] } } }, /effect/u],
      [{ operator: { pods: { labels: { "app.kubernetes.io/name": "x" } } } }, /labels/u],
      [{ operator: { pods: { resources: { limits: { memory: "lots" } } } } }, /memory/u],
      [{ operator: { failurePolicy: "ignore" } }, /failurePolicy/u],
      [{ operator: { google: { provider: "projects/shop/providers/x" } } }, /provider/u],
      [{ injection: { mode: "webhook" } }, /mode/u],
      [{ injection: { enabled: true } }, /injection.mode is empty: choose configmap/u],
      [{ bindings: { audiences: [] } }, /audiences/u],
      [{ alerts: true }, /alerts/u],
    ] as const)
      await assert.rejects(helm.template({ ...values, ...wrong }), said);
  });

  test("a release of the publisher alone, of the chart before, is upgraded with its pods and its rules for the network alone being written, and then to every part without anything of the publisher being written; what it keeps outlives each upgrade; uninstall leaves the definitions of bindings alone", async () => {
    plane = await startControlPlane({ issuer });
    helm.kubeconfig = plane.adminKubeconfig;
    const { ask, kubectl } = plane;
    // No kubelet is here to run the Job of the hook, for whose end Helm waits.
    const flags = ["--namespace=podtrust", "--no-hooks"];
    const release = (verb: string, from: string, values: Values): Promise<string> =>
      helm.run(verb, "podtrust", from, ...flags, `--values=${helm.valuesFile(values)}`);
    await kubectl(["create", "namespace", "podtrust"]);
    const values = await valuesOf(publisher(configs["http-01"]));
    // Its values stood by themselves, and mode was way.
    const { enabled: _, pods: __, mode: way, ...flat } = recordOf(values["publisher"]);
    const { namespace, image: from, apiServerPort } = values;
    await release("install", earlierChart, { namespace, image: from, apiServerPort, way, ...flat });
    const read = async (path: string): Promise<Record<string, unknown>> =>
      JSON.parse((await ask(path)).text) as Record<string, unknown>;
    const secret = "/api/v1/namespaces/podtrust/secrets/podtrust-publisher";
    const lease = "/apis/coordination.k8s.io/v1/namespaces/podtrust/leases/podtrust-publisher";
    const deployment = "/apis/apps/v1/namespaces/podtrust/deployments/podtrust-publisher";
    const digestOf = (object: Record<string, unknown>): string =>
      /"podtrust\.dev\/config-digest":"(\w+)"/u.exec(JSON.stringify(object))?.[1] ?? "";
    // What the publisher would have written by then.
    const patch = (kind: string, value: object): Promise<string> =>
      kubectl([
        "patch",
        kind,
        "podtrust-publisher",
        "-n",
        "podtrust",
        "--type=merge",
        "-p",
        JSON.stringify(value),
      ]);
    await patch("secret", { data: { "documents.prod": Buffer.from("kept").toString("base64") } });
    await patch("lease", { spec: { holderIdentity: "a-pod", leaseDurationSeconds: 15 } });
    // Whoever writes an object gives it another resourceVersion.
    const kinds =
      "serviceaccounts,secrets,leases,roles,rolebindings,configmaps,services,deployments,pdb,networkpolicies,clusterroles,clusterrolebindings";
    const written = async (): Promise<readonly string[]> => {
      const path = "{range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}";
      const all = await kubectl(["get", kinds, "-n", "podtrust", `-o=jsonpath=${path}`]);
      return all.split("\n").filter((line) => line.includes(" podtrust-publisher "));
    };
    const earlier = await written();
    assert.equal(earlier.length, 12);
    await release("upgrade", chart, values);
    const untouched = await written();
    assert.deepEqual(
      untouched.filter((line) => !earlier.includes(line)).map((line) => line.split(" ")[0]),
      ["Deployment", "NetworkPolicy"],
    );
    const settings = {
      imagePullSecrets: [{ name: "registry" }],
      labels: { "example.com/team": "platform" },
      annotations: { "example.com/owner": "platform" },
      nodeSelector: { "kubernetes.io/os": "linux" },
      tolerations: [{ key: "infra", operator: "Exists", effect: "NoSchedule" }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
      ],
      env: { HTTPS_PROXY: "http://proxy.example.com:3128" },
      imagePullPolicy: "IfNotPresent",
    };
    const pods = helm.file("pods.yaml", settings);
    const withOperator = await valuesOf(operator("--bindings", "--pods", pods));
    const every = { ...values, ...withOperator, injection: { enabled: true, mode: "configmap" } };
    await release("upgrade", chart, every);
    assert.deepEqual(await written(), untouched);
    const digest = digestOf(await read(deployment));
    // The API server's own admission judges pods of these templates by the restricted profile.
    await kubectl(["label", "namespace", "podtrust", "pod-security.kubernetes.io/enforce=restricted"]);
    const judged = (spec: object): Promise<string> => {
      const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "judged", namespace: "podtrust" } };
      return kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify({ ...object, spec }));
    };
    for (const path of [deployment, deployment.replace("publisher", "operator")]) {
      const { template: pod } = (await read(path))["spec"] as { template: { spec: object } };
      assert.match(await judged(pod.spec), /created \(server dry run\)/u);
      await assert.rejects(judged({ ...pod.spec, securityContext: {} }), /violates PodSecurity/u);
    }
    const changed = publisher({ ...configs["http-01"], pollInterval: "20s" }, "--replicas", "3");
    await release("upgrade", chart, { ...every, ...(await valuesOf(changed)) });
    assert.deepEqual((await read(secret))["data"], {
      "documents.prod": Buffer.from("kept").toString("base64"),
    });
    const { spec } = await read(lease);
    assert.equal((spec as { holderIdentity: string }).holderIdentity, "a-pod");
    const upgraded = await read(deployment);
    assert.equal((upgraded["spec"] as { replicas: number }).replicas, 3);
    assert.notEqual(digestOf(upgraded), digest);
    await helm.run("uninstall", "podtrust", "--namespace=podtrust");
    const cluster =
      "clusterroles,clusterrolebindings,mutatingadmissionpolicies,mutatingadmissionpolicybindings,validatingadmissionpolicies,validatingadmissionpolicybindings,crd";
    const left = await kubectl(["get", `${kinds},${cluster}`, "-n", "podtrust", "-o", "name"]);
    assert.deepEqual(
      left.split("\n").filter((name) => name.includes("podtrust")),
      [
        "customresourcedefinition.apiextensions.k8s.io/awsrolebindings.podtrust.dev",
        "customresourcedefinition.apiextensions.k8s.io/awstrusts.podtrust.dev",
      ],
    );
  });
});
