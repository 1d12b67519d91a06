/**
 * In which order passes of bindings call a vendor and the API server: what changes something there, or mints a token.
 * What they read is a matter of cost, which the benchmark holds. Each scenario is judged as a random history is.
 */
import { describe, test, type TestContext } from "node:test";
import { awsHistories } from "../support/histories/aws.ts";
import { azureHistories } from "../support/histories/azure.ts";
import { googleHistories } from "../support/histories/google.ts";
import { History } from "../support/histories/history.ts";
import { type ScenarioSpecs, scenariosOf } from "../support/histories/scenarios.ts";
import { asItStands } from "../support/histories/suite.ts";
import type { HistoryParty } from "../support/histories/vendor.ts";
import { golden, linesOf } from "./golden.ts";
import { Placeholders } from "./shown.ts";

/** Members that another file holds: documents of policies. */
const documents = /,"(?:AssumeRolePolicyDocument|PolicyDocument|Description)":"(?:[^"\\]|\\.)*"/gu;

async function hold(t: TestContext, name: string, party: HistoryParty, specs: ScenarioSpecs): Promise<void> {
  const vendor = await party.start();
  t.after(() => vendor.close());
  const file: string[] = [];
  for (const [scenario, events] of Object.entries(scenariosOf(party, specs))) {
    const lines: string[] = [];
    const history = new History(party, vendor, asItStands, (line) => lines.push(line));
    await history.begin();
    lines.splice(0);
    for (const event of events) {
      lines.push(`- ${event.kind === "turn" ? `turn of ${event.of}` : JSON.stringify(event)}`);
      await history.run(event);
    }
    const placeholders = new Placeholders();
    const shown = lines.map((line) => placeholders.text(line.replaceAll(documents, "")));
    file.push(`### ${scenario}`, ...shown, "");
  }
  golden(`calls/${name}.txt`, linesOf(file));
}

describe("the order of calls of bindings' passes", () => {
  test("is held at AWS", (t) =>
    hold(t, "aws", awsHistories, {
      smaller: 0,
      other: 2,
      beyond: { grant: 0, spec: 1 },
      invalid: 4,
      here: 2,
      elsewhere: 1,
    }));

  test("is held at Azure", (t) =>
    hold(t, "azure", azureHistories, {
      smaller: 2,
      other: 4,
      beyond: { grant: 0, spec: 4 },
      invalid: 5,
      here: 2,
      elsewhere: 1,
    }));

  test("is held at Google", (t) =>
    hold(t, "gcp", googleHistories, {
      smaller: 3,
      other: 1,
      beyond: { grant: 0, spec: 2 },
      invalid: 5,
      here: 0,
    }));
});
