import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { podtrustHere } from "../support/cli.ts";

const image = "registry.example.com/podtrust:0.1.0";
const folder = mkdtempSync(join(tmpdir(), "podtrust-ports-"));
const file = join(folder, "podtrust.yaml");
const publisher = { https: { acme: { challenge: "tls-alpn-01" } } };
writeFileSync(file, JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com", publisher }));
const own = {
  publisher: {
    args: ["manifests", "publisher", "--file", file, "--image", image],
    admin: 9890,
    probes: 9892,
  },
  operator: { args: ["manifests", "operator", "--webhook", "--image", image], admin: 9891, probes: 9893 },
} as const;

async function objects(args: readonly string[]): Promise<readonly JsonRecord[]> {
  const { code, out, err } = await podtrustHere([...args, "--json"]);
  assert.equal(code, 0, err);
  return recordsOf(recordOf(JSON.parse(out))["items"]);
}

const specOf = (all: readonly JsonRecord[], kind: string): JsonRecord =>
  recordOf(all.find((one) => one["kind"] === kind)?.["spec"]);

/** The ports that a policy opens, each with whom it opens them to; undefined: to everybody. */
function opened(policy: JsonRecord): ReadonlyMap<number, unknown> {
  return new Map(
    recordsOf(policy["ingress"]).flatMap(({ ports, from }) =>
      recordsOf(ports).map(({ port }) => [Number(port), from] as const),
    ),
  );
}

describe("the pods of podtrust", () => {
  after(() => rmSync(folder, { recursive: true }));

  for (const [part, { args, admin, probes }] of Object.entries(own)) {
    test(`of the ${part} are probed on a port of their own, which no rule of the network opens, and never by a program`, async () => {
      const all = await objects(args);
      const template = recordOf(recordOf(specOf(all, "Deployment")["template"])["spec"]);
      const [container = {}] = recordsOf(template["containers"]);
      const ports = recordsOf(container["ports"]).map(({ name, containerPort }) => [name, containerPort]);
      assert.equal(new Map(ports as [string, number][]).get("probes"), probes);
      for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
        const { httpGet, exec } = recordOf(container[probe]);
        assert.equal(recordOf(httpGet)["port"], "probes", probe);
        assert.equal(exec, undefined);
      }
      assert.equal(opened(specOf(all, "NetworkPolicy")).has(probes), false);
    });

    test(`of the ${part} may reach the proxy that their variables name, and no port more without one`, async () => {
      const standing = [53, 53, 443, 6443];
      for (const [env, port] of [
        [{ HTTPS_PROXY: "http://proxy.example.com:3128" }, [3128]],
        [{ https_proxy: "proxy.example.com:8080/" }, [8080]],
        [{ HTTPS_PROXY: "http://[fd00::1]" }, [80]],
        [{ HTTPS_PROXY: "https://proxy.example.com" }, []],
        [{ HTTP_PROXY: "http://proxy.example.com:3128" }, []],
        [{}, []],
      ] as const) {
        const pods = join(folder, "pods.yaml");
        writeFileSync(pods, JSON.stringify({ env }));
        const policy = specOf(await objects([...args, "--pods", pods]), "NetworkPolicy");
        const reached = recordsOf(policy["egress"]).flatMap(({ ports }) =>
          recordsOf(ports).map((one) => one["port"]),
        );
        assert.deepEqual(reached, [...standing, ...port], JSON.stringify(env));
      }
    });

    test(`of the ${part} show metrics and status to the namespaces that are named, and never to all`, async () => {
      const wanted: readonly (readonly [args: readonly string[], values: readonly string[]])[] = [
        [[], ["monitoring"]],
        [
          ["--monitoring-namespace", "prometheus", "grafana"],
          ["prometheus", "grafana"],
        ],
      ];
      for (const [more, values] of wanted) {
        const policy = specOf(await objects([...args, ...more]), "NetworkPolicy");
        const named = { key: "kubernetes.io/metadata.name", operator: "In", values };
        assert.deepEqual(opened(policy).get(admin), [{ namespaceSelector: { matchExpressions: [named] } }]);
      }
    });
  }
});
