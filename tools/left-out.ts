/** A reporter of Node's test runner: a line for each test or suite that was skipped, with the reason it gave. */
import type { EventData } from "node:test";

interface Event {
  readonly type: string;
  readonly data: Partial<EventData.TestPass>;
}

export default async function* leftOut(source: AsyncIterable<Event>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type !== "test:pass" || data.skip === undefined || data.skip === false) continue;
    yield `${data.name}: ${typeof data.skip === "string" ? data.skip : "no reason given"}\n`;
  }
}
