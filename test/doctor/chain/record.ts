import { appendFileSync } from "node:fs";
import process from "node:process";
import type { ChainFacts } from "../../../src/doctor/chain/index.ts";

/** Facts as JSON has them, so that what is no data does not get through; with PODTRUST_RECORD_FACTS=FILE they are kept there. */
export function recorded(cause: string, facts: ChainFacts): ChainFacts {
  const file = process.env["PODTRUST_RECORD_FACTS"];
  // That the machine of the tests is busy is no fault; what an issuer's URL shows is judged in suites of its own.
  const { lateMs: _late, outside: _outside, ...seen } = facts;
  const line = JSON.stringify({ cause, facts: seen });
  if (file !== undefined) appendFileSync(file, `${line}\n`);
  return (JSON.parse(line) as { facts: ChainFacts }).facts;
}
