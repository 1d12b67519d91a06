import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultPodSettings, parsePodSettings, podSettingsJsonSchema } from "./settings.ts";

function problems(text: string): readonly string[] {
  const read = parsePodSettings(text);
  return "problems" in read ? read.problems.map(({ line, message }) => `${line}: ${message}`) : [];
}

describe("settings of pods", () => {
  test("of an empty file are the defaults", () => {
    assert.deepEqual(parsePodSettings("# nothing\n"), { settings: defaultPodSettings });
  });

  test("are what Kubernetes takes, in its own words, and maps are joined with the defaults as Helm does", () => {
    const text = `
imagePullSecrets: [{name: registry}]
tolerations: [{key: infra, operator: Exists, effect: NoSchedule}]
nodeSelector: {node-role.kubernetes.io/infra: ""}
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}
topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
resources: {limits: {memory: 1Gi, cpu: 2}}
labels: {sidecar.istio.io/inject: "false"}
annotations: {example.com/owner: platform}
env: {HTTPS_PROXY: "http://proxy:3128"}
imagePullPolicy: Always
verbose: true
`;
    const read = parsePodSettings(text);
    assert.ok("settings" in read, JSON.stringify(read));
    const { settings } = read;
    assert.deepEqual(settings.resources, {
      requests: { cpu: "100m", memory: "128Mi" },
      limits: { memory: "1Gi", cpu: 2 },
    });
    assert.deepEqual(settings.tolerations, [{ key: "infra", operator: "Exists", effect: "NoSchedule" }]);
    assert.equal(settings.verbose, true);
  });

  test("with mistakes are refused whole, each with its line", () => {
    const found = problems(`
tolerations:
  - {key: infra, effect: NoSchedul}
nodeSelectors: {}
imagePullPolicy: always
labels: {app.kubernetes.io/name: mine}
resources: {limits: {memory: lots}}
env: {HTTPS-PROXY: x}
`);
    assert.deepEqual(
      found.map((one) => one.replace(/^(\d+: [\w.-]*).*/u, "$1")),
      [
        "2: ",
        "3: tolerations.0.effect",
        "5: imagePullPolicy",
        "6: labels.app.kubernetes.io",
        "7: resources.limits.memory",
        "8: env.HTTPS-PROXY",
      ],
    );
    assert.match(found.join("\n"), /nodeSelectors/u);
    assert.match(
      problems("labels: {app.kubernetes.io/name: mine}").join(),
      /^1: .*find their pods by this label/u,
    );
  });

  test("take numbers out by null, as OpenShift's ranges need it, and repeat what podtrust sets itself", () => {
    const read = parsePodSettings(`
securityContext: {runAsUser: null, fsGroup: null, runAsNonRoot: true, supplementalGroups: [7]}
containerSecurityContext:
  privileged: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
`);
    assert.ok("settings" in read, JSON.stringify(read));
    assert.deepEqual(read.settings.securityContext, {
      runAsUser: null,
      runAsGroup: 65_532,
      fsGroup: null,
      runAsNonRoot: true,
      supplementalGroups: [7],
    });
  });

  for (const [text, words] of [
    ["securityContext: {runAsUser: 0}", /never run as root/u],
    ["securityContext: {runAsNonRoot: false}", /never run as root/u],
    ["securityContext: {seccompProfile: {type: Unconfined}}", /filter of system calls/u],
    ["securityContext: {seLinuxOptions: {type: spc_t}}", /only level is accepted/u],
    ["containerSecurityContext: {privileged: true}", /never privileged/u],
    ["containerSecurityContext: {allowPrivilegeEscalation: true}", /never allowed to gain rights/u],
    ["containerSecurityContext: {capabilities: {add: [NET_ADMIN]}}", /no capability/u],
    ["containerSecurityContext: {capabilities: {drop: []}}", /capabilities/u],
    ["containerSecurityContext: {readOnlyRootFilesystem: false}", /write to memory alone/u],
    ["containerSecurityContext: {procMount: Unmasked}", /procMount/u],
    ["volumes: [{name: host, hostPath: {path: /}}]", /hostPath: refused, since who has a node's files/u],
    ["volumes: [{name: share, nfs: {server: nas, path: /}}]", /nfs: refused/u],
    ["volumes: [{name: config, emptyDir: {}}]", /podtrust has a volume of this name/u],
    ["volumeMounts: [{name: store-key, mountPath: /mnt/keys}]", /podtrust has a volume of this name/u],
    ["volumeMounts: [{name: mine, mountPath: /opt/podtrust/dist}]", /could cover the program/u],
    ["volumeMounts: [{name: mine, mountPath: /mnt/../etc/podtrust}]", /could cover the program/u],
    ["volumeMounts: [{name: mine, mountPath: /var/run/secrets/eks.amazonaws.com}]", /cover the program/u],
    ["volumeMounts: [{name: mine, mountPath: /mnt/a, mountPropagation: Bidirectional}]", /mountPropagation/u],
    ["volumeMounts: [{name: mine, mountPath: /mnt/a, subPath: ../../etc}]", /subPath/u],
    ["commonLabels: {app.kubernetes.io/name: mine}", /have this label, or it gives rights/u],
    ["commonLabels: {rbac.authorization.k8s.io/aggregate-to-admin: 'true'}", /gives rights/u],
    ["commonLabels: {pod-security.kubernetes.io/enforce: privileged}", /gives rights/u],
  ] as const)
    test(`widen nothing: ${text} is refused with the reason`, () => {
      assert.match(problems(text).join("\n"), words);
      assert.match(problems(text).join("\n"), /^1: /u);
    });

  test("have a schema that says of every key what it is for", () => {
    const { properties } = podSettingsJsonSchema() as {
      properties: Record<string, { description?: string }>;
    };
    assert.deepEqual(new Set(Object.keys(properties)), new Set(Object.keys(defaultPodSettings)));
    for (const { description } of Object.values(properties)) assert.match(description ?? "", /\.$/u);
  });
});
