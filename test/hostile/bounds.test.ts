import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultLimits } from "../../src/publisher/serving-limits.ts";

/** A bound as a person writes it, and in the unit of the code. */
function valueOf(text: string, key: string): number {
  const [, count = "", unit = ""] = /^(\d+)(?: (s|h|KiB|MiB))?$/u.exec(text) ?? [];
  // The one that Node takes in MiB.
  if (key === "http2SessionMemory" && unit === "MiB") return Number(count);
  return Number(count) * ({ s: 1000, h: 3_600_000, KiB: 1024, MiB: 1024 ** 2 }[unit] ?? 1);
}

test("SECURITY.md names every limit on clients, with the value that the publisher has", () => {
  const page = readFileSync(join(import.meta.dirname, "../../SECURITY.md"), "utf8");
  const [, table = ""] = /\n## Limits on clients\n([^]*?)\n## /u.exec(page) ?? [];
  const rows = [...table.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gmu)].map(
    ([, key = "", value = ""]) => [key, valueOf(value, key)] as const,
  );
  assert.deepEqual(Object.fromEntries(rows), { ...defaultLimits });
});
