/**
 * What `npm run unused` takes for used where tests keep nothing alive: what is published and run alone. Fails, before knip
 * looks, on an entry that matches no file.
 */
import type { KnipConfig } from "knip";
import { filesOf } from "./room-files.ts";
import { programs, published, waitingForUse } from "./rooms.ts";

const entry = [...Object.values(programs), ...published];
const doors = "src/**/index.ts";
filesOf("tools/knip-production.ts", [...entry, doors, ...waitingForUse]);

export default {
  entry: entry.map((file) => `${file}!`),
  project: ["src/**/*.ts!", "!src/**/*.test.ts!"],
  ignoreBinaries: ["systemd-notify"],
  ignoreExportsUsedInFile: true,
  ignoreIssues: {
    [doors]: ["exports", "files"],
    ...Object.fromEntries(waitingForUse.map((file) => [file, ["exports"] as const])),
  },
  rules: { types: "off" },
} satisfies KnipConfig;
