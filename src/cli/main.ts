#!/usr/bin/env node
import { runProcess } from "../core/terminal/index.ts";

await runProcess(process, async () => (await import("./commands.ts")).run);
