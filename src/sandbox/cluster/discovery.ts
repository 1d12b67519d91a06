/** What kubectl asks before anything else: the groups, versions and resources. */

const version = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0+podtrust.stand-in-cluster",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "2026-11-25T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "stand-in/cluster",
};

function resource(name: string, kind: string, namespaced: boolean, verbs: readonly string[]): object {
  return { name, singularName: kind.toLowerCase(), namespaced, kind, verbs };
}

const kept = ["create", "delete", "get", "list"];
const core = [
  { ...resource("namespaces", "Namespace", false, kept), shortNames: ["ns"] },
  { ...resource("pods", "Pod", true, ["get", "list"]), shortNames: ["po"] },
  { ...resource("serviceaccounts", "ServiceAccount", true, kept), shortNames: ["sa"] },
  {
    ...resource("serviceaccounts/token", "TokenRequest", true, ["create"]),
    singularName: "",
    group: "authentication.k8s.io",
    version: "v1",
  },
];

const groups: Readonly<Record<string, readonly object[]>> = {
  "authentication.k8s.io": [resource("selfsubjectreviews", "SelfSubjectReview", false, ["create"])],
  "authorization.k8s.io": [
    resource("selfsubjectaccessreviews", "SelfSubjectAccessReview", false, ["create"]),
  ],
};

function group(name: string): object {
  const one = { groupVersion: `${name}/v1`, version: "v1" };
  return { name, versions: [one], preferredVersion: one };
}

function resourceList(groupVersion: string, resources: readonly object[]): object {
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

const pages = new Map<string, object>([
  ["/version", version],
  ["/api", { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] }],
  ["/api/v1", resourceList("v1", core)],
  ["/apis", { kind: "APIGroupList", apiVersion: "v1", groups: Object.keys(groups).map(group) }],
  ...Object.keys(groups).map((name): [string, object] => [
    `/apis/${name}`,
    { kind: "APIGroup", apiVersion: "v1", ...group(name) },
  ]),
  ...Object.entries(groups).map(([name, resources]): [string, object] => [
    `/apis/${name}/v1`,
    resourceList(`${name}/v1`, resources),
  ]),
]);

/** The discovery page of a path; undefined if there is none. */
export function discoveryPage(path: string): object | undefined {
  return pages.get(path.replace(/\/$/u, ""));
}
