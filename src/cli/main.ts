#!/usr/bin/env node
import { run } from "./commands.ts";
import { runProcess } from "./entry.ts";

await runProcess(run);
