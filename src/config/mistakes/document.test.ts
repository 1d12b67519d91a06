import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, oneProblem, parse, problemsOf } from "../../../test/support/config-text.ts";
import type { PodtrustError } from "../../core/base/index.ts";

describe("attacks on the reader", () => {
  test("a config of a thousand roles is read", async () => {
    const roles = Array.from(
      { length: 1000 },
      (_, index) => `
      - name: role-number-${index}
        serviceAccounts: [namespace-${index}/service-account-${index}]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
        tags: {team: platform}`,
    ).join("");
    const text = `${minimal}aws:\n  - account: "111122223333"\n    region: eu-central-1\n    roles:${roles}\n`;
    assert.equal((await parse(text)).aws[0]?.roles.length, 1000);
  });

  test("a file of more keys than any config has is refused before it is judged", async () => {
    const keys = "- a\n".repeat(40_000);
    assert.match(
      (await oneProblem(`${minimal}aws:\n${keys}`)).message,
      /^has more than 150000 keys, values and marks$/u,
    );
  });

  test("ten thousand mistakes are counted, and the first fifty of them reported", async () => {
    const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}:\n`).join("");
    await assert.rejects(parse(`${minimal}${keys}`), (error: PodtrustError) => {
      assert.match(error.message, /has 10000 mistakes:/u);
      assert.match(error.message, /and 9950 more$/u);
      return true;
    });
  });

  test("an alias bomb is refused before it grows", async () => {
    const levels = Array.from({ length: 9 }, (_, i) => `k${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const [problem] = await problemsOf(`k0: &a0 [x,x]\n${levels.join("\n")}\n`);
    assert.match(problem?.message ?? "", /alias/u);
  });

  test("nesting without end is refused, in flow and in block form", async () => {
    assert.match((await oneProblem(`a: ${"[".repeat(50_000)}`)).message, /levels deep/u);
    const block = await problemsOf(`${"- ".repeat(50_000)}a`);
    assert.ok(block.length > 0);
  });

  test("an anchor that names itself is refused", async () => {
    assert.match((await oneProblem(`${minimal}aws: &a [*a]\n`)).message, /levels deep/u);
  });
});
