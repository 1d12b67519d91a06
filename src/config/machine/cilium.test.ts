import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, oneProblem, parse as parseText } from "../../../test/support/config-text.ts";

const sum = "a".repeat(64);
const text = (machine: string): string =>
  `${minimal}machine: {ssh: {address: 203.0.113.7, user: k8s}, ${machine}}\n`;
const parse = (machine: string) => parseText(text(machine));
const problemOf = (machine: string) => oneProblem(text(machine));

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
      archive: "/etc/podtrust/cilium.tar.gz",
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
