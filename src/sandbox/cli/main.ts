#!/usr/bin/env node
import { runProcess } from "../../core/terminal/index.ts";

await runProcess(async () => (await import("./program.ts")).run, { program: "podtrust-sandbox", major: 22 });
