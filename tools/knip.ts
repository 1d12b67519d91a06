/**
 * What `npm run unused` takes for used: knip fails here, before it looks, on a pattern that matches no file, and at its end
 * on a program or a package of these lists that nothing names any more.
 */
import type { KnipConfig } from "knip";
import { filesOf } from "./room-files.ts";
import { programs } from "./rooms.ts";

const entry = [
  ...Object.values(programs),
  "test/**/*.ts",
  "tools/*.ts",
  "tools/docs/*.ts",
  "tools/release/loader.ts",
  "tools/test/lingering.ts",
  "tools/test/tally.ts",
  "src/**/*.test.ts",
];
const project = ["src/**/*.ts", "test/**/*.ts", "tools/**/*.ts"];
for (const pattern of [...entry, ...project]) filesOf("tools/knip.ts", [pattern]);

export default {
  entry,
  project,
  ignoreBinaries: [
    "dpkg-deb",
    "fish",
    "go",
    "ip",
    "java",
    "keytool",
    "ldd",
    "mkfifo",
    "mount",
    "openssl",
    "perl",
    "prometheus",
    "qemu-aarch64-static",
    "qemu-img",
    "qemu-system-x86_64",
    "script",
    "shellcheck",
    "setpriv",
    "softhsm2-util",
    "ssh-keygen",
    "systemd-analyze",
    "systemd-notify",
    "umount",
    "unshare",
  ],
  ignoreDependencies: ["podtrust-node", "publint"],
  treatConfigHintsAsErrors: true,
  rules: { types: "off" },
} satisfies KnipConfig;
