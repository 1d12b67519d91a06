import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../base/index.ts";
import { type ConfigProblem, parseConfig } from "../index.ts";

const sum = "a".repeat(64);
const parse = (machine: string) =>
  parseConfig(
    `stack: prod\nissuer: https://oidc.example.com\nmachine: {ssh: {address: 203.0.113.7, user: k8s}, ${machine}}\n`,
    "/etc/podtrust.yaml",
    { HOME: "/root" },
  );

async function problemOf(machine: string): Promise<ConfigProblem> {
  const error = await parse(machine).then(
    () => assert.fail(`${machine} was accepted`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PodtrustError && error.code === "config-invalid");
  const [problem, ...more] = error.detail["problems"] as readonly ConfigProblem[];
  assert.ok(problem !== undefined && more.length === 0, JSON.stringify(error.detail));
  return problem;
}

describe("machine.cilium.cli in a config", () => {
  test("there is no cilium command unless it is asked for", async () => {
    const { machine } = await parse("cni: cilium");
    assert.equal(machine?.cilium.cli, undefined);
  });

  test("a release with one checksum is enough, and its archive is relative to the config", async () => {
    const { machine } = await parse(
      `cilium: {cli: {version: v0.18.7, sha256: {arm64: ${sum}}, archive: cilium.tar.gz}}`,
    );
    assert.deepEqual(machine?.cilium.cli, {
      version: "v0.18.7",
      sha256: { arm64: sum },
      archive: "/etc/cilium.tar.gz",
    });
  });

  const refused: [string, string, string, RegExp][] = [
    [
      "a release without a checksum",
      "cilium: {cli: {version: v0.18.7}}",
      "machine.cilium.cli",
      /v0\.18\.7, whose checksums are not known here/u,
    ],
    ["no release", `cilium: {cli: {sha256: {amd64: ${sum}}}}`, "machine.cilium.cli.version", /missing/u],
    [
      "a release without its v",
      `cilium: {cli: {version: 0.18.7, sha256: {amd64: ${sum}}}}`,
      "machine.cilium.cli.version",
      /is not accepted/u,
    ],
    [
      "a checksum that is none",
      "cilium: {cli: {version: v0.18.7, sha256: {amd64: abc}}}",
      "machine.cilium.cli.sha256.amd64",
      /is not accepted/u,
    ],
    [
      "the command where flannel makes the network",
      `cni: flannel, cilium: {cli: {version: v0.18.7, sha256: {amd64: ${sum}}}}`,
      "machine.cilium.cli",
      /flannel makes the pods' network/u,
    ],
  ];
  for (const [what, machine, key, message] of refused) {
    test(`${what} is refused`, async () => {
      const problem = await problemOf(machine);
      assert.deepEqual([problem.key, message.test(problem.message)], [key, true], problem.message);
    });
  }

  test("a release without a checksum is refused with the names of the files that have it", async () => {
    const { next } = await problemOf("cilium: {cli: {version: v0.18.7}}");
    assert.match(next ?? "", /cilium-linux-amd64\.tar\.gz\.sha256sum/u);
  });
});
