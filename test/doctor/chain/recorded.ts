import type { DoctorReport } from "../../../src/doctor/index.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isCause, type Reason } from "../../../src/core/reasons/index.ts";
import { type ChainFacts, judgeChain } from "../../../src/doctor/chain/index.ts";
import { type FaultOutput, steady } from "../outputs.ts";

/**
 * What was seen of each fault when it was injected into real parts: a line of JSON for each, with the cause's name. The tests
 * of the faults write it, with PODTRUST_RECORD_FACTS=FILE.
 */
export interface Recorded {
  readonly cause: Reason | "healthy";
  readonly facts: ChainFacts;
}

const file = join(import.meta.dirname, "recorded.jsonl");

/** Every fault that was recorded. */
export function recordedFaults(): readonly Recorded[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Recorded);
}

/** What doctor says of a cause in a report, as its page shows it. */
function outputOf({ findings }: DoctorReport, cause: Reason): FaultOutput | undefined {
  const found = findings.find(({ reason }) => reason === cause);
  return found && { link: found.link, seen: steady(found.seen), next: steady(found.next) };
}

/** What doctor says of each cause that was recorded. */
export function recordedOutputs(): Readonly<Record<string, FaultOutput | undefined>> {
  return Object.fromEntries(
    recordedFaults().flatMap(({ cause, facts }) =>
      cause !== "healthy" && isCause(cause) ? [[cause, outputOf(judgeChain(facts), cause)]] : [],
    ),
  );
}
