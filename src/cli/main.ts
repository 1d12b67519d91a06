#!/usr/bin/env node
import { runProcess } from "./entry.ts";

await runProcess(async () => (await import("./commands.ts")).run);
