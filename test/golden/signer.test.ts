/** What `podtrust signer` prints with `--json` beside a running signer. */
import { writeFile } from "node:fs/promises";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { pemOf, signerWorld } from "../signer/world.ts";
import { ShownRuns } from "./shown.ts";

describe("the golden output of a signer's commands", () => {
  test("from the key of an API server to the next one that signs", async (t) => {
    const { folder, state, serve } = await signerWorld(t);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await writeFile(join(folder, "sa.key"), pemOf(privateKey, "pkcs1"), { mode: 0o600 });
    const runs = new ShownRuns();
    const kids: string[] = [];
    const show = async (line: string): Promise<void> => {
      const words = line
        .replace("OLD", kids[0] ?? "")
        .replace("NEW", kids[1] ?? "")
        .split(" ");
      const result = await podtrustHere(["signer", ...words, "--state", state, "--json"], {
        cwd: folder,
        clock: systemClock,
      });
      const { kid } = JSON.parse(result.out) as { readonly kid?: string };
      if (kid !== undefined && !kids.includes(kid)) kids.push(kid);
      runs.add(`signer ${line}`, result);
    };
    await show("import sa.key");
    await serve();
    for (const line of ["create", "status", "promote NEW", "promote NEW --now", "status", "exclude OLD"])
      await show(line);
    for (const line of ["include OLD", "remove NEW", "remove OLD", "status"]) await show(line);
    runs.hold("signer");
  });
});
