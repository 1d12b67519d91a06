#!/usr/bin/env node
import { runProcess } from "../../core/terminal/index.ts";

// All of podtrust in one file, which `npm run release` makes of this. A link to it by the name that kubectl asks for
// completions answers as that program.
await runProcess(process, async (name) =>
  name === "kubectl_complete-podtrust"
    ? (await import("../kubectl-plugin/run-complete.ts")).runComplete
    : (await import("../commands.ts")).run,
);
