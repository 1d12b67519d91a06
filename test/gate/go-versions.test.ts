/** What two Go modules of the cluster suites have in the same versions, Go compiles once. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

/** The versions that a module of test/cluster/build/ asks for, by path. */
function required(module: string): ReadonlyMap<string, string> {
  const text = readFileSync(`test/cluster/build/${module}/go.mod`, "utf8");
  const blocks = [...text.matchAll(/^require(?: \(([^)]*)\)| (.*))$/gmu)];
  const lines = blocks.flatMap(([, block = "", line = ""]) => [...block.split("\n"), line]);
  return new Map(
    lines.flatMap((line) => {
      const [path, version] = line.trim().split(" ");
      return path === undefined || version === undefined ? [] : [[path, version] as const];
    }),
  );
}

describe("the modules that Kubernetes' packages are in", () => {
  const kubernetes = required("kubernetes");
  for (const [module, least, which] of [
    ["etcd", 40, /./u],
    ["helm", 50, /./u],
    ["cel", 7, /./u],
    // With newer ones of the others it does not compile.
    [
      "containerd",
      15,
      /^(?:google\.golang\.org|go\.opentelemetry\.io\/otel|golang\.org\/x|github\.com\/prometheus)\//u,
    ],
  ] as const)
    test(`are asked for by ${module} in the versions that Kubernetes has them in`, () => {
      const shared = [...required(module)].filter(([path]) => kubernetes.has(path) && which.test(path));
      assert.ok(shared.length >= least, `${shared.length} are shared`);
      const other = shared.filter(([path, version]) => kubernetes.get(path) !== version);
      assert.deepEqual(
        other.map(([path, version]) => `${path} ${version}, not ${kubernetes.get(path)}`),
        [],
      );
    });
});
