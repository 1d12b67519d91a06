/** What an API server runs with is asked in one place: nothing else reads a process, a log line of its start or a mirrored pod. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";

/** What would say it, and the files that may ask for it. */
const sources: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  readonly files: readonly string[];
}[] = [
  {
    what: "the command line of a process",
    pattern: /\/cmdline\b/u,
    files: ["src/control-plane/servers/kubelet.ts", "src/control-plane/servers/running.ts"],
  },
  {
    what: "the name of a process",
    pattern: /\/comm\b|\bpgrep (?!-f '\/var\/lib\/rancher\/k3s\/data\/)|\bpidof\b|\bps -e/u,
    files: [],
  },
  {
    what: "a journal that is searched, or one start of a unit in it",
    pattern: /journalctl[^`\n]*(?:grep|INVOCATION)/u,
    files: ["src/control-plane/servers/k3s-runs.ts"],
  },
  {
    what: "the line of k3s' start",
    pattern: /msg="Running kube-/u,
    files: ["src/rules/distribution/server-files.ts"],
  },
  {
    what: "an API server's mirrored pod",
    pattern: /component=kube-apiserver/u,
    // Where no machine is reached, adopt prints it as said by the cluster.
    files: ["src/control-plane/adoption/mirrored.ts"],
  },
  {
    what: "what k3s writes on its node",
    pattern: /k3s\.io\/node-args/u,
    files: [],
  },
];

type Sources = ReadonlyMap<string, string>;

/** Files that ask and may not, and files of a list that do not ask: `FILE: WHAT`. */
function faults(texts: Sources): readonly string[] {
  return sources.flatMap(({ what, pattern, files }) => {
    const asking = [...texts].filter(([, text]) => pattern.test(text)).map(([file]) => file);
    return [
      ...asking.filter((file) => !files.includes(file)).map((file) => `${file} reads ${what}`),
      ...files.filter((file) => !asking.includes(file)).map((file) => `${file} does not read ${what}`),
    ];
  });
}

const house = (): Sources => {
  const files = globSync("src/**/*.ts", { exclude: ["src/**/*.test.ts", "src/sandbox/**"] }).toSorted();
  assert.ok(files.length > 900, `${files.length} files: a walk that finds so few has not seen the house`);
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
};

describe("what an API server runs with", () => {
  test("is read in the files that may, and in no other", () => {
    assert.deepEqual(faults(house()), []);
  });

  for (const [planted, what] of [
    ['cat "$folder/comm"', "the name of a process"],
    ["pgrep -x kube-apiserver", "the name of a process"],
    ["tr '\\0' ' ' </proc/$pid/cmdline", "the command line of a process"],
    [
      "journalctl -u k3s | grep 'Running kube-apiserver ' | tail -n 1",
      "a journal that is searched, or one start of a unit in it",
    ],
    ['labels: "component=kube-apiserver"', "an API server's mirrored pod"],
    ['annotations["k3s.io/node-args"]', "what k3s writes on its node"],
  ] as const) {
    test(`is not read by a file that begins to, as by ${planted}`, () => {
      const found = faults(new Map([...house(), ["src/control-plane/servers/planted.ts", planted]]));
      assert.ok(found.includes(`src/control-plane/servers/planted.ts reads ${what}`), found.join("\n"));
    });
  }
});
