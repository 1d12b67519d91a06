/** The guide, told in the numbered steps of guide/: each is one subtest, and the first that fails is the last. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { podsLeftOut } from "./harness/index.ts";
import { Guide } from "./guide/world.ts";

interface Step {
  readonly step: (guide: Guide, leaveOut: (why: string) => void) => Promise<void>;
}

const folder = join(import.meta.dirname, "guide");
const files = readdirSync(folder)
  .filter((name) => /^\d\d-[\w-]+\.ts$/u.test(name))
  .sort();

/** Runs one step; false when it failed, which the runner has noted then. */
async function passes(context: TestContext, file: string, guide: Guide): Promise<boolean> {
  let passed = false;
  await context.test(file.replace(".ts", ""), async (inner) => {
    const { step } = (await import(join(folder, file))) as Step;
    await step(guide, (why) => {
      if (process.env["CI"] === "true") throw new Error(why);
      inner.diagnostic(why);
    });
    passed = true;
  });
  return passed;
}

test("the guide on a real cluster", { skip: podsLeftOut() }, async (context) => {
  const guide = await Guide.open();
  try {
    for (const file of files) if (!(await passes(context, file, guide))) break;
  } finally {
    await guide.closing.disposeAsync();
  }
});
