import assert from "node:assert/strict";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { test } from "node:test";
import type { CommandContext } from "../context.ts";
import { consentOf } from "./consent.ts";

test("a user without a home directory, as a service has one, needs none until a plugin is asked about", async (context) => {
  context.mock.method(os, "homedir", () => {
    throw new Error("uv_os_homedir returned ENOENT");
  });
  syncBuiltinESMExports();
  context.after(() => {
    context.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const consent = consentOf({ env: {}, stdin: { isTTY: false } } as unknown as CommandContext);
  const words = { says: "/k names a program", what: "aws", question: "Run it?" };
  const plugin = { kind: "program", subject: "/k", digest: "0", ...words } as const;
  await assert.rejects(consent(plugin), { code: "home-unknown" });
});
