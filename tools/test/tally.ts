/** A reporter of Node's test runner, for the end of a run: JSON lines of what was left out, what failed, and the counts. */
import type { EventData } from "node:test";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One line of it. */
export interface Tally {
  /** A test or suite that was skipped, with the reason it gave. */
  readonly leftOut?: string;
  /** A test that failed, by its file and name. */
  readonly failed?: string;
  /** How long a file's test or suite took, milliseconds. */
  readonly took?: { readonly file: string; readonly ms: number };
  /** The last line: how many tests there were. A runner that dies writes none. */
  readonly counts?: Counts;
}

type Event =
  | { readonly type: "test:pass"; readonly data: EventData.TestPass }
  | { readonly type: "test:fail"; readonly data: EventData.TestFail }
  | { readonly type: "test:summary"; readonly data: EventData.TestSummary }
  | { readonly type: ""; readonly data?: never };

function tallyOf(event: Event): Tally | undefined {
  if (event.type === "test:pass") {
    const { name, skip } = event.data;
    if (skip === undefined || skip === false) return undefined;
    return { leftOut: `${name}: ${typeof skip === "string" ? skip : "no reason given"}` };
  }
  if (event.type === "test:fail") {
    const { name, file, details } = event.data;
    // A file that fails by itself says nothing else here: how its process ended.
    const { exitCode, signal } = details.error as { readonly exitCode?: number; readonly signal?: string };
    const isFile = file?.endsWith(name) === true;
    const why = isFile ? `: its process ended with ${signal ?? exitCode ?? details.error.message}` : "";
    return details.type === "suite" ? undefined : { failed: `${file ?? "?"}: ${name}${why}` };
  }
  // Where each file has a process of its own there is a summary of each as well.
  if (event.type !== "test:summary" || event.data.file !== undefined) return undefined;
  const { tests, passed, skipped, todo } = event.data.counts;
  return { counts: { passed, failed: tests - passed - skipped - todo, skipped } };
}

function timeOf({ type, data }: Event): Tally | undefined {
  if ((type !== "test:pass" && type !== "test:fail") || data.nesting > 0 || data.file === undefined)
    return undefined;
  return { took: { file: data.file, ms: data.details.duration_ms } };
}

export default async function* tally(source: AsyncIterable<Event>): AsyncGenerator<string> {
  for await (const event of source)
    for (const line of [tallyOf(event), timeOf(event)])
      if (line !== undefined) yield `${JSON.stringify(line)}\n`;
}
