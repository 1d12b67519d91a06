#!/usr/bin/env node
import { runProcess } from "../../core/terminal/index.ts";

await runProcess(process, async () => (await import("./program.ts")).run, {
  program: "podtrust-sandbox",
  major: 22,
  scripts: "npm run podtrust -- sandbox",
});
