/**
 * What `npm run unused` takes for used where tests keep nothing alive: what is published and run alone. Fails, before
 * knip looks, on an entry that matches no file. An export that only tests and tools use has the tag `@internal`; knip
 * fails on a tag that excuses nothing any more, so that the export goes with its last use.
 */
import type { KnipConfig } from "knip";
import { filesOf } from "./room-files.ts";
import { programs, published } from "./rooms.ts";

const entry = [...Object.values(programs), ...published];
const doors = "src/**/index.ts";
filesOf("tools/knip-production.ts", [...entry, doors]);

export default {
  entry: entry.map((file) => `${file}!`),
  project: ["src/**/*.ts!", "!src/**/*.test.ts!"],
  ignoreBinaries: ["systemd-notify"],
  ignoreExportsUsedInFile: true,
  ignoreIssues: { [doors]: ["exports", "files"] },
  treatTagHintsAsErrors: true,
  rules: { types: "off" },
} satisfies KnipConfig;
